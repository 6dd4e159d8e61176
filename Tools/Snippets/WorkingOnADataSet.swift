import FileStore
import Foundation
import ImageLoading
import ImageStoreCatalog
import ImageStoreCore
import LMDBStore
import NPZStore

/// Twenty small pictures that the page works on, two further sets, and the lists of a division.
func writeDataSet() throws {
  let format = ImageFormat(height: 8, width: 8)
  try LMDBStore.write(to: "photographs.lmdb", classNames: ["cat", "dog"]) { writer in
    for number in 0..<20 {
      try writer.append(
        [UInt8](repeating: UInt8(number % 18), count: format.byteCount), format: format, label: number % 2,
        columns: ["blurred": .int64(number == 5 ? 1 : 0), "hour": .int64(Int64(number + 4))])
    }
  }
  let store = try LMDBStore(at: "photographs.lmdb")
  try NPZStore.write(store.keepingClasses(["dog", "cat"]), to: "more.npz")
  try FileStore.write(store.subset(0..<4), to: "pngs")
  try FileManager.default.createDirectory(atPath: "folds", withIntermediateDirectories: true)
  for (name, indices) in [
    ("fold-0-train", 10..<20), ("fold-0-validation", 0..<10), ("fold-1-train", 0..<10),
    ("fold-1-validation", 10..<20),
  ] {
    try indices.map { "\($0)\n" }.joined().write(
      toFile: "folds/\(name).npy", atomically: true, encoding: .utf8)
  }
}

func workingOnADataSet() throws {
  let photographs = try StoreCatalog.open(at: "photographs.lmdb")
  let corrected = try photographs.relabeled(images: [3: 1, 17: 0])
  let copies = try corrected.findDuplicates()
  let clean = try corrected.subset(copies.uniqueIndices).filtered { try $0["blurred"] == 0 }
  try NPZStore.write(clean, to: "clean.npz")
  let written = try NPZStore(at: "clean.npz")
  let label = try written.label(at: 3)
  precondition(written.count == 17 && label == 1)

  let binary = try photographs.relabeled { $0.className == "cat" ? 1 : 0 }
  let fromElsewhere = try photographs.relabeled(
    with: [Int](repeating: 1, count: 20), classNames: ["no", "yes"])
  let labels = [try binary.label(at: 0), try fromElsewhere.label(at: 0)]
  precondition(labels == [1, 1])

  let night = try photographs.filtered(column: "hour", in: [20, 21, 22, 23])
  let dogs = try photographs.filtered(classes: ["dog"])
  let early = try photographs.filtered { try $0.number("hour") < 6 && $0.label == 0 }
  let byHour = try photographs.sorted(by: .column("hour"), descending: true)
  precondition(night.count == 4 && dogs.count == 10 && early.count == 1 && byHour.baseIndex(0) == 19)

  let described = try photographs.withColumns(["checked": .int64([Int64](repeating: 1, count: 20))])
  let lean = try described.withoutColumns("blurred", "hour")
  let english = try lean.renamingClasses(["dog": "hound"])
  let pets = try english.mergingClasses(["cat", "hound"], into: "pet")
  let dogsFirst = try photographs.keepingClasses(["dog", "cat"])
  precondition(pets.classNames == ["pet"] && dogsFirst.classNames == ["dog", "cat"])

  let all = try photographs.merging(NPZStore(at: "more.npz"), FileStore(at: "pngs"))
  for note in all.notes { print(note.text) }
  let inserted = try photographs.inserting(all.subset(20..<22), at: 3)
  precondition(all.count == 44 && inserted.count == 22)

  for fold in try all.folds(3, stratified: true, seed: 7).enumerated() {
    try LMDBStore.write(fold.element.validation, to: "fold-\(fold.offset).lmdb")
  }
  let parts = try all.split([0.8, 0.1, 0.1], stratified: true, seed: 7)
  precondition(parts.map(\.count).reduce(0, +) == 44)

  let folds = try photographs.folds(at: "folds")
  let listed = try photographs.subset(at: "folds/fold-0-validation.npy")
  precondition(folds.count == 2 && listed.count == 10)
}
