import ImageStoreCore
import ImageStoreSupport
import Testing

/// What the names of arrays say: which are images, which are their labels, and of which split.
struct ArrayNamesTests {
  @Test(arguments: [
    (["x_train", "y_train", "x_test", "y_test"], ["training x_train y_train", "test x_test y_test"]),
    (["y_test", "X_test", "X_train", "y_train"], ["training X_train y_train", "test X_test y_test"]),
    (["Xtrain", "Ytrain", "Xval", "Yval"], ["training Xtrain Ytrain", "validation Xval Yval"]),
    (["trainX", "trainY", "testX", "testY"], ["training trainX trainY", "test testX testY"]),
    (
      ["x_train", "x_valid", "x_test", "y_valid"],
      ["training x_train", "validation x_valid y_valid", "test x_test"]
    ),
    (["X_dev", "x_validation"], ["validation x_validation"]),
    (
      ["train_images", "train_labels", "val_images", "val_labels", "test_images"],
      ["training train_images train_labels", "validation val_images val_labels", "test test_images"]
    ),
    (["images_train", "labels_train"], ["training images_train labels_train"]),
    (["train_set_x", "train_set_y", "list_classes"], ["training train_set_x train_set_y"]),
    (
      ["train/images", "train/labels", "test/images", "labels"],
      ["training train/images train/labels", "test test/images"]
    ),
    (["images/train", "labels/train"], ["training images/train labels/train"]),
    (["train/x", "train/y", "valid/x"], ["training train/x train/y", "validation valid/x"]),
    (["images", "labels", "label_names"], ["whole images labels"]),
    (["images", "targets"], ["whole images targets"]),
    (["images", "y"], ["whole images y"]),
    (["image", "label", "meta"], ["whole image label meta"]),
    (["x", "labels", "y"], ["whole x y labels"]),
    (["imgs", "latents_classes", "metadata"], ["whole imgs"]),
    (["data", "target"], ["whole data target"]),
    (["image_ids", "images"], ["whole images"]),
    (["x_train", "images"], ["training x_train", "whole images"]),
    (["sample_0/image", "sample_0/label", "sample_1/image"], []),
    (["images/0", "images/1", "labels"], []),
    (["arr_0", "weights", "train"], []),
  ])
  func names(_ names: [String], expected: [String]) {
    for names in [names, names.reversed()] {
      let found = ArrayNames.find(in: names)
      #expect(
        found.map { ([$0.split?.rawValue ?? "whole", $0.images] + $0.labels).joined(separator: " ") }
          == expected)
    }
  }

  @Test func arraysThatCannotBeImagesAreLeftOut() {
    let found = ArrayNames.find(in: ["images", "x", "y"], where: { $0 != "images" })
    #expect(found.map(\.images) == ["x"] && found.map(\.labels) == [["y"]])
  }

  @Test func labelsOfNamedImages() {
    #expect(ArrayNames.labels(of: "digits", in: ["digits", "labels", "other"]) == ["labels"])
    #expect(ArrayNames.labels(of: "a/images", in: ["a/labels", "labels", "b/labels"]) == ["a/labels"])
    #expect(ArrayNames.labels(of: "pixels_train", in: ["y", "y_train", "y_test"]) == ["y_train"])
  }

  @Test func wordsOfSplits() {
    #expect(ArrayNames.split(named: "Train") == .training)
    #expect(ArrayNames.split(named: "dev") == .validation)
    #expect(ArrayNames.split(named: "cats") == nil)
  }
}
