// Writes glyph-like bitmaps to an .npz, reads them back in shuffled order and compares.
import Foundation
import NPZStore

let path = FileManager.default.temporaryDirectory.appending(path: "glyphs-\(UUID().uuidString).npz").path
defer { try? FileManager.default.removeItem(atPath: path) }

let format = ImageFormat(height: 28, width: 28)
let glyphs: [[UInt8]] = (0..<1000).map { number in
  (0..<format.byteCount).map { UInt8(truncatingIfNeeded: $0 * ($0 + number) / 31) }
}

let store = try NPZStore.write(to: path, classNames: ["even", "odd"]) { writer in
  for (number, glyph) in glyphs.enumerated() {
    try writer.append(glyph, format: format, label: number % 2)
  }
}

let order = Array(0..<store.count).shuffled()
for index in order {
  guard try store.pixels(at: index) == glyphs[index], try store.label(at: index) == index % 2 else {
    fatalError("image \(index) is not what was written")
  }
}
print("\(store.count) images of \(format) written to an .npz and read back")
