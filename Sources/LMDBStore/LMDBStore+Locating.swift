package import ImageStoreCore

// The map stays for as long as the store does.
extension LMDBStore: LocatingStore {
  package func checkLocatedImages() throws(StoreError) {
    do throws(StoreError) {
      try checkUnchanged()
    } catch {
      throw error.at(path: path)
    }
  }
}
