internal import ImageStoreCore
internal import ImageStoreSupport
internal import PNGCodec

/// Writes PNG files to a folder one after another, in memory that is used again. One thread at a time.
final class PNGFileWriter {
  private var encoder: PNGEncoder
  private var name: [UInt8] = []

  init(_ compression: Compression) throws(StoreError) {
    encoder = try PNGEncoder(compression: compression)
  }

  /// By what the file is known that was written last.
  func stamp() -> AppendPlan.Stamp { encoder.stamp() }

  /// Encodes an image and writes it to the folder it stands in.
  func write(
    _ pixels: RawSpan, format: ImageFormat, index: Int, to folder: borrowing Folder
  ) throws(StoreError) {
    name.removeAll(keepingCapacity: true)
    FileStore.Layout.appendFileName(of: index, to: &name)
    name.append(0)
    do throws(StoreError) {
      try encoder.encode(pixels, format: format)
      try unsafe name.withUnsafeBufferPointer { (bytes) throws(StoreError) in
        try unsafe bytes.withMemoryRebound(to: CChar.self) { (name) throws(StoreError) in
          try unsafe encoder.write(to: name.baseAddress!, in: folder)
        }
      }
    } catch {
      throw error.at(
        path: "\(folder.path)/\(String(decoding: name.dropLast(), as: UTF8.self))", image: index)
    }
  }

  /// Refuses what a PNG cannot hold.
  static func validate(_ format: ImageFormat) throws(StoreError) {
    let isHeld =
      switch format.elementType {
      case .bool: format.channels == 1
      case .uint8, .uint16: format.channels <= 4
      default: false
      }
    guard isHeld, format.height <= Int(Int32.max), format.width <= Int(Int32.max) else {
      throw StoreError(
        .unsupported, "a PNG cannot hold an image of \(format)",
        remedy: "PNGs hold bool of one channel, uint8 and uint16 of one to four; other stores hold the rest")
    }
  }
}

extension PNGEncoder {
  fileprivate borrowing func stamp() -> AppendPlan.Stamp { AppendPlan.Stamp(bytes) }

  /// Writes the file that was encoded last.
  fileprivate borrowing func write(
    to name: UnsafePointer<CChar>, in folder: borrowing Folder
  ) throws(StoreError) {
    try unsafe folder.write(bytes, to: name)
  }
}
