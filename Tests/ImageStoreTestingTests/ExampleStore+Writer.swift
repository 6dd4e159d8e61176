import Foundation
import ImageStoreCore

extension ExampleStore {
  /// Keeps the images in memory and writes the file at the end, in one piece.
  struct Writer: ImageStoreWriter, ~Copyable {
    private let path: String
    private let mode: WriteMode
    private var header = Header()
    private var pixels: [UInt8] = []
    private var failure: StoreError?

    init(to path: String, mode: WriteMode = .create) throws(StoreError) {
      if FileManager.default.fileExists(atPath: path) {
        switch mode {
        case .create: throw StoreError(.alreadyExists, "there is a file already", path: path)
        case .append: throw StoreError(.unsupported, "nothing can be added to such a file", path: path)
        case .replace, .replaceAnything: break
        }
      }
      self.path = path
      self.mode = mode
    }

    var count: Int { header.count }

    mutating func append(
      _ images: RawSpan, layout: BatchLayout, labels: ImageLabels
    ) throws(StoreError) {
      if let failure { throw failure }
      do throws(StoreError) {
        try check(images, layout, labels)
      } catch {
        failure = error
        throw error
      }
      guard layout.count > 0 else { return }
      header.labels = count == 0 ? labels.labels : header.labels.map { $0 + (labels.labels ?? []) }
      header.format = layout.uniformFormat
      header.count += layout.count
      unsafe images.withUnsafeBytes { unsafe pixels.append(contentsOf: $0) }
    }

    private func check(
      _ images: RawSpan, _ layout: BatchLayout, _ labels: ImageLabels
    ) throws(StoreError) {
      try labels.validate(count: layout.count)
      guard images.byteCount == layout.byteCount else {
        throw StoreError(.invalidArgument, "\(images.byteCount) bytes for images of \(layout.byteCount)")
      }
      guard labels.columns.isEmpty else { throw StoreError(.unsupported, "columns are not kept") }
      guard layout.count > 0 else { return }
      guard let format = layout.uniformFormat, format.elementType == .uint8, format == header.format ?? format
      else {
        throw StoreError(.unsupported, "images are of bytes and of one format")
      }
      guard count == 0 || (header.labels == nil) == (labels.labels == nil) else {
        throw StoreError(.invalidArgument, "some images have a label and some have none")
      }
    }

    consuming func finish() throws(StoreError) {
      if let failure { throw failure }
      do {
        let line = try JSONEncoder().encode(header) + [0x0A]
        try (line + pixels).write(to: URL(filePath: path), options: .atomic)
      } catch {
        throw StoreError(.system, "writing failed: \(error.localizedDescription)", path: path)
      }
    }
  }
}
