internal import ImageStoreCore
internal import ImageStoreSupport
internal import PNGCodec

/// Writes PNG files to a folder one after another, reusing its memory. It is used by one thread at
/// a time.
final class ImageFileWriter {
  private var encoder: PNGEncoder
  private var name: [UInt8] = []

  init(_ compression: Compression) throws(StoreError) {
    encoder = try PNGEncoder(compression: compression)
  }

  /// The identification of the file that was written last.
  func stamp() -> AppendPlan.Stamp { encoder.stamp() }

  /// Encodes an image and writes it to its folder.
  func write(
    _ pixels: RawSpan, format: ImageFormat, index: Int, to folder: borrowing Folder,
    like neighbor: Int32? = nil
  ) throws(StoreError) {
    name.removeAll(keepingCapacity: true)
    FileStore.Layout.appendFileName(of: index, .png, to: &name)
    name.append(0)
    do throws(StoreError) {
      try encoder.encode(pixels, format: format)
      try unsafe name.withUnsafeBufferPointer { (bytes) throws(StoreError) in
        try unsafe bytes.withMemoryRebound(to: CChar.self) { (name) throws(StoreError) in
          try unsafe encoder.write(to: name.baseAddress!, in: folder, like: neighbor)
        }
      }
    } catch {
      throw error.at(
        path: "\(folder.path)/\(String(decoding: name.dropLast(), as: UTF8.self))", image: index)
    }
  }
}

extension ImageFileWriter {
  /// Writes an encoded image to its folder as it is.
  static func write(
    _ encoded: RawSpan, index: Int, _ suffix: ImageSuffix, to folder: borrowing Folder,
    like neighbor: Int32? = nil
  ) throws(StoreError) {
    var name: [UInt8] = []
    FileStore.Layout.appendFileName(of: index, suffix, to: &name)
    name.append(0)
    do throws(StoreError) {
      try unsafe name.withUnsafeBufferPointer { (bytes) throws(StoreError) in
        try unsafe bytes.withMemoryRebound(to: CChar.self) { (name) throws(StoreError) in
          try unsafe folder.write(encoded, to: name.baseAddress!, like: neighbor)
        }
      }
    } catch {
      throw error.at(
        path: "\(folder.path)/\(String(decoding: name.dropLast(), as: UTF8.self))", image: index)
    }
  }
}

extension PNGEncoder {
  fileprivate borrowing func stamp() -> AppendPlan.Stamp { AppendPlan.Stamp(bytes) }

  /// Writes the file that was encoded last.
  fileprivate borrowing func write(
    to name: UnsafePointer<CChar>, in folder: borrowing Folder, like neighbor: Int32?
  ) throws(StoreError) {
    try unsafe folder.write(bytes, to: name, like: neighbor)
  }
}
