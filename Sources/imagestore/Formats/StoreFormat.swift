internal import ImageStoreCore

/// A kind of store or data set the program knows. A new one is a file in this folder and a line in
/// ``FormatRegistry``; no command changes.
protocol StoreFormat: Sendable {
  /// The name that `--to` takes and `info` prints, such as `lmdb`.
  var name: String { get }
  /// What it reads, in a line for the help.
  var summary: String { get }

  /// Whether a path leads to something of this kind, judged by its name and first bytes. Nothing that is
  /// merely damaged is to be turned away here: opening it then says what is wrong.
  func recognizes(_ path: String, _ hints: OpenHints) -> Bool

  /// Opens what is at a path: one part, or the several of a divided data set, training first.
  func open(_ path: String, _ hints: OpenHints) throws(StoreError) -> [StorePart]
}

/// A kind of store the program writes.
protocol WritableStoreFormat: StoreFormat {
  /// What destinations of this kind end with, such as `.lmdb`.
  var suffixes: [String] { get }
  /// What `--layout` takes.
  var layouts: [String] { get }

  /// Writes all images of a store.
  func write(
    _ source: any ImageStore, to path: String, _ options: WriteOptions, progress: (_ written: Int) -> Void
  ) throws(StoreError)
}

/// A part of a data set, or all of one that is not divided.
struct StorePart {
  /// Which part it is; nil for the whole.
  var part: ImageStoreCore.Split?
  var store: any ImageStore

  /// What reports call it.
  var name: String { part?.rawValue ?? "whole" }

  /// The whole of a set.
  init(_ store: any ImageStore) { self.store = store }

  init(_ part: ImageStoreCore.Split, _ store: any ImageStore) {
    self.part = part
    self.store = store
  }

  /// The parts of a set, training first.
  static func all(of parts: [ImageStoreCore.Split: some ImageStore]) -> [StorePart] {
    parts.sorted { $0.key < $1.key }.map { StorePart($0.key, $0.value) }
  }
}

/// What the command line says of files that do not describe themselves.
struct OpenHints: Sendable {
  /// Height, width and channels, or height and width.
  var shape: [Int]?
  var elementType: ElementType?
  var axis: BitAxis?
  var isLittleEndian: Bool?
  /// The name of the dataset or array of images, and of that of labels.
  var images: String?
  var labels: String?

  /// The format of an image, where its shape is given; samples are bytes if nothing is said.
  func format() throws(StoreError) -> ImageFormat? {
    guard let shape else { return nil }
    return try ImageFormat(
      validating: shape[0], width: shape[1], channels: shape.count > 2 ? shape[2] : 1,
      elementType: elementType ?? .uint8)
  }
}

/// The axis along which bits are packed.
enum BitAxis: String, Sendable, CaseIterable {
  case rows, columns
}

/// How a store is to be written.
struct WriteOptions: Sendable {
  var mode = WriteMode.create
  /// nil for what the format does by default.
  var compression: Compression?
  /// One of the format's layouts, or nil for its default.
  var layout: String?
}
