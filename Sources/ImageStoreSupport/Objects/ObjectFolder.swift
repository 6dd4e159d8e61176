package import ImageStoreCore

/// A place with named objects: a folder, a prefix of a bucket, or a folder at an `https://` URL.
///
/// Objects are written whole and read by ranges; names may have slashes. A data set of many objects
/// is read and written only through this protocol, so it is the same wherever it is stored.
package protocol ObjectFolder: AnyObject, Sendable {
  /// Its name for errors and people: a path or a URL, without credentials.
  var location: String { get }

  /// The path of a folder of this machine, whose objects may be mapped; nil for any other place.
  var localPath: String? { get }

  /// The state of an object; nil if there is none with that name.
  func state(of name: String) throws(StoreError) -> ObjectState?

  /// All bytes of an object; nil if there is none with that name.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` for an object of more than `limit` bytes, before
  ///   memory is allocated.
  func contents(of name: String, limit: Int) throws(StoreError) -> (bytes: [UInt8], state: ObjectState)?

  /// Begins to fetch bytes of an object. Many fetches may be in progress; those beyond the limit of
  /// the place wait for their turn, in the order of the calls.
  ///
  /// - Parameters:
  ///   - range: which bytes, all of them within the object.
  ///   - state: the known state of the object; if it has changed, that is an error.
  ///   - memory: memory with enough capacity, which is filled with exactly these bytes.
  ///   - completion: called once, on any thread, when all bytes are in `memory` or the fetch has
  ///     failed.
  func fetch(
    _ range: Range<Int>, of name: String, expecting state: ObjectState?, into memory: PixelMemory,
    completion: @escaping @Sendable (StoreError?) -> Void
  )

  /// Writes a whole object: readers see the old object or the complete new one.
  ///
  /// - Throws: ``StoreError/Code/alreadyExists`` or ``StoreError/Code/busy`` if the condition does not hold.
  func put(_ bytes: [UInt8], as name: String, if condition: ObjectCondition) throws(StoreError) -> ObjectState

  /// Writes an object from a file of this machine. An existing object of the same size, under a
  /// name that identifies its content, is left as it is.
  ///
  /// - Parameter progress: called now and then, on any thread, with the number of bytes sent.
  func upload(
    _ path: String, as name: String, progress: @escaping @Sendable (_ byteCount: Int) -> Void
  ) throws(StoreError)

  /// The names of all objects that begin with `prefix`, in the order of their bytes.
  func names(startingWith prefix: String) throws(StoreError) -> [String]

  /// Removes an object, if it exists.
  func remove(_ name: String) throws(StoreError)
}

/// The properties of an object that are known without reading it.
package struct ObjectState: Sendable, Hashable {
  package var byteCount: Int
  /// A tag that changes when the object does, such as an ETag; nil if the place has none.
  package var tag: String?

  /// Creates a state; the parameters are the properties.
  package init(byteCount: Int, tag: String? = nil) {
    self.byteCount = byteCount
    self.tag = tag
  }
}

/// A condition for writing an object.
package enum ObjectCondition: Sendable, Hashable {
  case always
  /// There is no object with that name.
  case absent
  /// The object has not changed.
  case unchanged(ObjectState)
}
