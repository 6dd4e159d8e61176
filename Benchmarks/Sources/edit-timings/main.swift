import FileStore
import Foundation
import HDF5Store
import ImageStoreCore
import LMDBStore
import NPZStore
import PackedBitStore

// edit-timings FOLDER [COUNT [SESSIONS]]: what editing stores of COUNT images of 32x32x3 takes,
// what sessions of a writer take that append one image each, and what reading through views takes
// beside reading the store. Prints tables.
let arguments = CommandLine.arguments
guard arguments.count > 1 else { exit(64) }
let folder = arguments[1]
let count = arguments.count > 2 ? Int(arguments[2])! : 100_000
let sessions = arguments.count > 3 ? Int(arguments[3])! : 2100

func milliseconds(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  return (ContinuousClock.now - start) / .milliseconds(1)
}

func median(_ values: some Collection<Double>) -> Double {
  let sorted = values.sorted()
  return sorted[sorted.count / 2]
}

func text(_ value: Double) -> String { String(format: value < 10 ? "%.1f" : "%.0f", value) }

struct Noise: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}

/// Images of noise, bool ones for masks.
func images(_ count: Int, isMask: Bool) throws -> InMemoryStore {
  let format =
    isMask
    ? ImageFormat(height: 32, width: 32, elementType: .bool) : ImageFormat(height: 32, width: 32, channels: 3)
  var noise = Noise(state: 42)
  return try InMemoryStore(classNames: (0..<10).map { "class \($0)" }) { writer in
    for start in stride(from: 0, to: count, by: 1000) {
      let range = start..<min(start + 1000, count)
      var pixels = [UInt8](repeating: 0, count: range.count * format.byteCount)
      for position in pixels.indices {
        let value = UInt8(truncatingIfNeeded: noise.next() >> 32)
        pixels[position] = isMask ? value & 1 : value
      }
      try writer.append(
        pixels, layout: BatchLayout(format, count: range.count), labels: range.map { $0 % 10 },
        columns: ["score": .double(range.map { Double($0) / 3 })])
    }
  }
}

/// Edits of ten labels, a removal of ten images, and a commit every tenth of the images, of one
/// kind of store.
func measure<Store: EditableStore>(
  _ name: String, _ type: Store.Type, write: () throws -> Void, path: String, committing: (() throws -> Void)?
) throws {
  let plain = try milliseconds { try write() }
  var edits: [Double] = []
  for round in 0..<7 {
    let labels = Dictionary(
      uniqueKeysWithValues: (0..<10).map { ($0 * (count / 10) + round, ($0 + round) % 10) })
    edits.append(
      try milliseconds { try Store.edit(path) { try $0.relabeled(images: labels) } })
  }
  let removal = try milliseconds { try Store.remove((0..<10).map { $0 * (count / 10) }, from: path) }
  var commits = "-"
  if let committing {
    commits = text((try milliseconds { try committing() } - plain) / 10)
  }
  print("| \(name) | \(text(median(edits))) | \(text(removal)) | \(text(plain)) | \(commits) |")
}

/// Sessions that append an image each: the medians of those early on and of the last.
func measureSessions(_ name: String, path: String, append: () throws -> Void) throws {
  var times: [Double] = []
  for _ in 0..<sessions { times.append(try milliseconds { try append() }) }
  let share = max(1, sessions / 20)
  let (early, late) = (median(times.prefix(share)), median(times.suffix(share)))
  print("| \(name) | \(text(early)) | \(text(late)) | \(String(format: "%.2f", late / early)) |")
}

let color = try images(count, isMask: false)
let masks = try images(count, isMask: true)
let every = max(1, count / 10)

print("Milliseconds, \(count) images:\n")
print("| store | edit of 10 labels | removal of 10 images | writing it | each of 10 commits on the way |")
print("|---|---|---|---|---|")
try measure(
  "LMDBStore", LMDBStore.self, write: { try LMDBStore.write(color, to: "\(folder)/a.lmdb") },
  path: "\(folder)/a.lmdb"
) {
  try LMDBStore.write(to: "\(folder)/committed.lmdb", classNames: color.classNames) {
    try $0.append(contentsOf: color, commitEvery: every)
  }
}
try measure(
  "NPZStore, stored", NPZStore.self,
  write: { try NPZStore.write(color, to: "\(folder)/a.npz", compression: .none) }, path: "\(folder)/a.npz"
) {
  try NPZStore.write(to: "\(folder)/committed.npz", compression: .none, classNames: color.classNames) {
    try $0.append(contentsOf: color, commitEvery: every)
  }
}
try measure(
  "PackedBitStore", PackedBitStore.self, write: { try PackedBitStore.write(masks, to: "\(folder)/a.bits") },
  path: "\(folder)/a.bits"
) {
  try PackedBitStore.write(to: "\(folder)/committed.bits", classNames: masks.classNames) {
    try $0.append(contentsOf: masks, commitEvery: every)
  }
}
try measure(
  "FileStore", FileStore.self, write: { try FileStore.write(color, to: "\(folder)/a") }, path: "\(folder)/a"
) {
  try FileStore.write(to: "\(folder)/committed", classNames: color.classNames) {
    try $0.append(contentsOf: color, commitEvery: every)
  }
}
try measure(
  "HDF5Store", HDF5Store.self, write: { try HDF5Store.write(color, to: "\(folder)/a.h5") },
  path: "\(folder)/a.h5", committing: nil)

print("\nMilliseconds a session that appends one image, of \(sessions) sessions one after another:\n")
print("| store | the first 5 % | the last 5 % | ratio |\n|---|---|---|---|")
let one = try color.subset([0])
let oneMask = try masks.subset([0])
try measureSessions("LMDBStore", path: "\(folder)/s.lmdb") {
  try LMDBStore.write(one, to: "\(folder)/s.lmdb", mode: .append)
}
try measureSessions("NPZStore", path: "\(folder)/s.npz") {
  try NPZStore.write(one, to: "\(folder)/s.npz", mode: .append)
}
try measureSessions("PackedBitStore", path: "\(folder)/s.bits") {
  try PackedBitStore.write(oneMask, to: "\(folder)/s.bits", mode: .append)
}
try measureSessions("FileStore", path: "\(folder)/s") {
  try FileStore.write(one, to: "\(folder)/s", mode: .append)
}
try measureSessions("HDF5Store", path: "\(folder)/s.h5") {
  try HDF5Store.write(one, to: "\(folder)/s.h5", mode: .append)
}

print(
  "\nA shuffled epoch in batches of 128 through relabeled, filtered and withColumns, over the same images of the store:\n"
)
print("| store | microseconds per image, store | views | ratio |\n|---|---|---|---|")
for (name, store) in [
  ("LMDBStore", try LMDBStore.write(color, to: "\(folder)/v.lmdb") as any ImageStore),
  ("NPZStore, stored", try NPZStore.write(color, to: "\(folder)/v.npz", compression: .none)),
  ("PackedBitStore", try PackedBitStore.write(masks, to: "\(folder)/v.bits")),
] {
  let view = try store.relabeled(labels: [3: 4]).filtered { $0.label != 7 }
    .withColumns(["new": .int64((0..<count - count / 10).map { Int64($0) })])
  var noise = Noise(state: 7)
  let order = Array(0..<view.count).shuffled(using: &noise)
  // Images 7, 17, ... are left out.
  let base = order.map { $0 / 9 * 10 + ($0 % 9 < 7 ? $0 % 9 : $0 % 9 + 1) }
  var batch = ImageBatch()
  func epoch(_ store: any ImageStore, _ order: [Int]) throws -> Double {
    try milliseconds {
      for start in stride(from: 0, to: order.count, by: 128) {
        try store.read(order[start..<min(start + 128, order.count)], into: &batch)
      }
    } * 1000 / Double(order.count)
  }
  _ = try epoch(store, base)
  _ = try epoch(view, order)
  var (plain, through): ([Double], [Double]) = ([], [])
  for _ in 0..<11 {
    plain.append(try epoch(store, base))
    through.append(try epoch(view, order))
  }
  print(
    "| \(name) | \(String(format: "%.3f | %.3f | %.3f", median(plain), median(through), median(through) / median(plain))) |"
  )
}
