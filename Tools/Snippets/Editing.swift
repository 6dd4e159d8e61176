import LMDBStore
import NPZStore

func editing() throws {
  try LMDBStore.edit("photographs.lmdb") { store in
    try store.relabeled(images: [3: 1, 17: 0]).renamingClasses(["dog": "hound"]).withoutColumns("blurred")
  }
  try LMDBStore.remove([5, 9], from: "photographs.lmdb")
  let edited = try LMDBStore(at: "photographs.lmdb")
  precondition(edited.count == 18 && edited.classNames == ["cat", "hound"] && edited.columnNames == ["hour"])
}
