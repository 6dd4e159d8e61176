package import ImageStoreCore

/// A session of a writer that can change the labels, columns and class names of an existing store.
package protocol EditingSession: WriterSession, ~Copyable {
  associatedtype Store: EditableStore

  /// The existing store, read after it was locked; nil if the session writes a new one.
  var existing: Store? { get }

  /// Replaces all labels, columns and class names in one step, and ends the session, to which no
  /// image has been appended.
  ///
  /// - Parameter annotations: the new ones, with values for all images.
  consuming func complete(saying annotations: StoreAnnotations) throws(StoreError)
}

extension EditingSession where Self: ~Copyable {
  /// Changes labels, columns and class names of a store, as ``EditableStore/edit(_:threads:_:)``
  /// promises.
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
