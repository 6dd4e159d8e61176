package import ImageStoreCore

/// A place that has objects under names: a folder, a prefix of a bucket, or a folder behind `https://`.
///
/// Objects are written whole and read by ranges; names may have slashes. A data set that is spread over many objects is read and
/// written through this alone, so that it is the same data set wherever it is.
package protocol ObjectFolder: AnyObject, Sendable {
  /// What errors and people call it: a path or a URL, without credentials.
  var location: String { get }

  /// The path of a folder of this machine, whose objects may be mapped; nil for any other place.
  var localPath: String? { get }

  /// What is known of an object; nil if there is none of that name.
  func state(of name: String) throws(StoreError) -> ObjectState?

  /// All bytes of an object; nil if there is none of that name.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` for one of more than `limit` bytes, before memory is asked for.
  func contents(of name: String, limit: Int) throws(StoreError) -> (bytes: [UInt8], state: ObjectState)?

  /// Begins to fetch bytes of an object. Many may be under way; more than the place allows wait for their turn, in the order
  /// of the calls.
  ///
  /// - Parameters:
  ///   - range: which bytes, all of them within the object.
  ///   - state: what is known of the object; if it is another by now, that is an error.
  ///   - memory: what is filled with exactly these bytes; it has the capacity.
  ///   - completion: called once, on any thread, when all bytes are in `memory` or cannot be had.
  func fetch(
    _ range: Range<Int>, of name: String, expecting state: ObjectState?, into memory: PixelMemory,
    completion: @escaping @Sendable (StoreError?) -> Void
  )

  /// Writes an object whole: readers see what was there before, or all of the new one.
  ///
  /// - Throws: ``StoreError/Code/alreadyExists`` or ``StoreError/Code/busy`` if the condition does not hold.
  func put(_ bytes: [UInt8], as name: String, if condition: ObjectCondition) throws(StoreError) -> ObjectState

  /// Writes an object of what a file of this machine has. One that is there already, with as many bytes and under a name that says what
  /// it holds, is left as it is.
  ///
  /// - Parameter progress: called now and then, on any thread, with the number of bytes sent.
  func upload(
    _ path: String, as name: String, progress: @escaping @Sendable (_ byteCount: Int) -> Void
  ) throws(StoreError)

  /// The names of all objects that begin with `prefix`, in the order of their bytes.
  func names(startingWith prefix: String) throws(StoreError) -> [String]

  /// Removes an object, if it is there.
  func remove(_ name: String) throws(StoreError)
}

/// What is known of an object without reading it.
package struct ObjectState: Sendable, Hashable {
  package var byteCount: Int
  /// What changes when the object does, such as an ETag; nil if the place has no such thing.
  package var tag: String?

  /// The parameters are the properties.
  package init(byteCount: Int, tag: String? = nil) {
    self.byteCount = byteCount
    self.tag = tag
  }
}

/// What must hold for an object to be written.
package enum ObjectCondition: Sendable, Hashable {
  case always
  /// There is no object with that name.
  case absent
  /// The object has not changed.
  case unchanged(ObjectState)
}
