public import ImageStoreCore

extension NPZStore {
  /// Arrays of an archive that belong together, such as `x_train` and `y_train`.
  public struct Part: Sendable, Hashable {
    /// What a part of a data set is for.
    public enum Role: String, Sendable, Hashable, CaseIterable {
      /// One of the parts that a data set is divided into.
      case training, validation, test
      /// Everything the archive has.
      case all
    }
    /// What the part is for.
    public let role: Role
    /// The key of the array of images.
    public let images: String
    /// The key of the array of labels, or nil where there is none.
    public let labels: String?

    /// The names people use: Keras's, MedMNIST's, and plain ones.
    static let known = [
      Part(role: .training, images: "x_train", labels: "y_train"),
      Part(role: .training, images: "train_images", labels: "train_labels"),
      Part(role: .validation, images: "x_val", labels: "y_val"),
      Part(role: .validation, images: "val_images", labels: "val_labels"),
      Part(role: .test, images: "x_test", labels: "y_test"),
      Part(role: .test, images: "test_images", labels: "test_labels"),
      Part(role: .all, images: "images", labels: "labels"),
      Part(role: .all, images: "x", labels: "y"),
      Part(role: .all, images: "X", labels: "y"),
    ]

    /// The parts an archive has, training first.
    static func present(in archive: ZipArchive) -> [Part] {
      known.compactMap { part in
        guard archive.array(named: part.images) != nil else { return nil }
        let hasLabels = part.labels.map { archive.array(named: $0) != nil } ?? false
        return Part(role: part.role, images: part.images, labels: hasLabels ? part.labels : nil)
      }
    }
  }

  /// The parts of an archive that has its images in arrays of known names, training first; empty for an
  /// archive with an entry an image, which has one part only.
  ///
  ///     for part in try NPZStore.parts(at: "mnist.npz") {
  ///       let store = try NPZStore(at: "mnist.npz", images: part.images, labels: part.labels)
  ///     }
  ///
  /// - Throws: as ``init(at:images:labels:labelsAt:checksums:threads:)``.
  public static func parts(at path: String) throws(StoreError) -> [Part] {
    Part.present(in: try ZipArchive(at: path))
  }
}
