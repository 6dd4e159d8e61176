internal import Foundation
internal import ImageStoreCore
internal import ImageStoreSupport

/// The small sets that come with the program.
enum DemoSet {
  /// The folder of a set, which is beside the program.
  static func path(_ name: String = "cifar-10-demo") throws(StoreError) -> String {
    // Not Bundle.module, which ends the program if the folder was left behind.
    let folder = Bundle.main.bundleURL.path
    for bundle in ["swift-image-stores_imagestore.resources", "swift-image-stores_imagestore.bundle"] {
      let path = "\(folder)/\(bundle)/\(name)"
      if FileSystem.kind(of: path) == .folder { return path }
    }
    throw StoreError(
      .notFound, "the demo's data set is missing: it belongs next to the program",
      remedy: "keep the folder swift-image-stores_imagestore.resources next to the program", path: folder)
  }
}
