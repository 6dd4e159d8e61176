import ImageStoreCore
import LMDBStore

func durability() async throws {
  let format = ImageFormat(height: 28, width: 28)

  var writer = try LMDBStore.Writer(to: "glyphs.lmdb", classNames: ["even", "odd"])
  for (number, glyph) in glyphs.enumerated() {
    try writer.append(glyph, format: format, label: number % 2)
  }
  try writer.finish()

  var more = try LMDBStore.Writer(to: "glyphs.lmdb", mode: .append)
  try more.append(glyphs[0], format: format, label: 0)
  try more.finish()

  let store = try LMDBStore(at: "glyphs.lmdb")
  try store.verify { checked in print("\(checked) of \(store.count)") }

  let careful = store.verifyingReads()
  let batch = try careful.read([17, 4, 8])
  print(batch.count)
}
