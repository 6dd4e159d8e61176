import LMDBStore
import NPZStore

func durability() async throws {
  let format = ImageFormat(height: 28, width: 28)

  try LMDBStore.write(to: "glyphs.lmdb", classNames: ["even", "odd"]) { writer in
    for (number, glyph) in glyphs.enumerated() {
      try writer.append(glyph, format: format, label: number % 2)
    }
  }

  try LMDBStore.write(to: "glyphs.lmdb", mode: .append) { writer in
    try writer.append(glyphs[0], format: format, label: 0)
  }

  var writer = try LMDBStore.Writer(to: "glyphs.lmdb", mode: .append)
  for await glyph in drawnGlyphs() { try writer.append(glyph, format: format, label: 1) }
  try writer.finish()

  let glyph = glyphs[3]
  try NPZStore.write(to: "simulation.npz") { writer in
    for number in 0..<40 {
      try writer.append(glyph, format: format, label: number % 2)
      if number % 10 == 9 { try writer.commit() }
    }
  }

  let store = try LMDBStore(at: "glyphs.lmdb")
  try store.verify { checked in print("\(checked) of \(store.count)") }

  let careful = store.verifyingReads()
  let batch = try careful.read([17, 4, 8])
  print(batch.count)
}
