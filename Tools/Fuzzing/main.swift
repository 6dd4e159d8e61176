import CImageStoreFuzzing
import ImageStoreCore
import ImageStorePlatform
import ImageStoreReliability

// The parser that IMAGE_STORES_PARSER names gets bytes that libFuzzer makes up. A StoreError is the
// right answer to most; anything that ends the process is found. Without the variable this is the
// program ImageStoreStress, under the sanitizer.
if environment("IMAGE_STORES_PARSER") == nil {
  do { try Roles.perform(Array(CommandLine.arguments.dropFirst())) } catch {
    printNow("FAILED: \(error)")
    exit(1)
  }
  exit(0)
}
exit(
  unsafe fuzzing_run(CommandLine.argc, CommandLine.unsafeArgv) { start, count in
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
  })

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
