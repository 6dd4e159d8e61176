package import ImageStoreCore

/// A session of a writer that can say other things of the images of the store that is there.
package protocol EditingSession: WriterSession, ~Copyable {
  associatedtype Store: EditableStore

  /// The store that is there, read after it was locked; nil if the session writes a new one.
  var existing: Store? { get }

  /// Puts labels, columns and class names in the place of those that there are, all at once, and ends the session, to which no image has
  /// been appended.
  ///
  /// - Parameter annotations: other ones than there are, with values for all images.
  consuming func complete(saying annotations: StoreAnnotations) throws(StoreError)
}

extension EditingSession where Self: ~Copyable {
  /// Changes what is said of the images of a store, as ``EditableStore/edit(_:threads:_:)`` promises.
  ///
  /// - Parameter begin: begins to append to the store.
  package static func edit(
    _ path: String, begin: () throws(StoreError) -> Self, _ change: (Store) throws -> any ImageStore
  ) throws {
    guard FileSystem.kind(of: path) != nil else {
      throw StoreError(.notFound, "there is no store to change", path: path)
    }
    let session = try begin()
    guard let store = session.existing else {
      throw StoreError(.busy, "another program is replacing it", remedy: "try again", path: path)
    }
    let view: any ImageStore
    do {
      view = try change(store)
    } catch let error as StoreError {
      throw error.at(path: path)
    }
    do throws(StoreError) {
      guard let annotations = try StoreAnnotations(of: view, over: store) else { return }
      try session.state.checkIsUsable()
      try session.complete(saying: annotations)
    } catch {
      throw error.at(path: path).outsideWorkFolder
    }
  }
}
