import ImageStoreCore
import ReliabilityChecks

/// What libFuzzer calls with bytes it made up: the parser that `IMAGE_STORES_PARSER` names. A ``StoreError`` is
/// the right answer to most; anything that ends the process is found.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
  do {
    try Target.folder.clear()
    do throws(StoreError) {
      try Target.parser.parse(bytes, in: Target.folder.path)
    } catch {
      // A name of the file's in a message must not break its line.
      precondition(!error.description.contains("\n"))
    }
  } catch {
    fatalError("\(error)")
  }
  return 0
}

private enum Target {
  static let parser: Parser = {
    do {
      return try Parser.named(environment("IMAGE_STORES_PARSER") ?? "")
    } catch {
      fatalError("IMAGE_STORES_PARSER: \(error)")
    }
  }()

  static let folder: WorkFolder = {
    do { return try WorkFolder() } catch { fatalError("\(error)") }
  }()
}
