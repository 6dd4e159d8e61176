/// A set of images that can be read in any order, with their labels and columns.
///
/// Reading is gathering: ``read(_:regions:into:)`` takes any indices, in any order, repeated or
/// not, and writes each image (or a region of it) straight to its place in the caller's memory. One
/// image, a range, a shuffled batch and a crop are all the same call, so a backend that is fast at
/// this call is fast at all of them. ``forEachImage(_:_:)`` is the form that lends pixels where
/// they are.
///
/// A store is a snapshot: it gives the same answers for as long as it is open, even if its file is
/// appended to in the meantime. Every call may come from any thread, and from many at once.
///
/// - Topics: What the store holds: ``count``, ``format``, ``format(at:)``, ``classNames``.
///   Labels and columns, which never touch pixels: ``labels()``, ``columnNames``, ``column(_:)``.
///   Pixels: ``read(_:regions:into:)``, ``forEachImage(_:_:)``. Care: ``verify(progress:)``,
///   ``verify(_:)``, ``checksumCoverage``, ``advise(_:)``, ``willRead(_:)``.
public protocol ImageStore: Sendable {
  /// How many images there are.
  var count: Int { get }

  /// The format that all images have, or nil if they differ or there are none.
  var format: ImageFormat? { get }

  /// The names of the classes that labels count from 0, if known.
  var classNames: [String]? { get }

  /// The names of the columns, sorted; labels are not among them.
  var columnNames: [String] { get }

  /// The paths of the files and folders that are read, none for a store in memory. A writer does
  /// not write inside them, and does not replace them.
  var sourcePaths: [String] { get }

  /// The parts of the file that are not read, and the decisions made where the file leaves a
  /// choice; none for a store of this package.
  var notes: [ReadingNote] { get }

  /// The format of one image.
  ///
  /// - Throws: ``StoreError/Code/indexOutOfRange``, and what reading the image's header throws.
  func format(at index: Int) throws(StoreError) -> ImageFormat

  /// All labels, one per image, or nil if the store has none. The first call may read them from the
  /// file, further ones return what it read.
  func labels() throws(StoreError) -> [Int]?

  /// All values of a column.
  ///
  /// - Throws: ``StoreError/Code/notFound`` if the store has no such column.
  func column(_ name: String) throws(StoreError) -> Column

  /// Appends images, or a region of each, to the caller's memory, one after another in the order of
  /// `indices`.
  ///
  /// If the call throws because of its arguments, nothing is appended. If it throws while reading,
  /// do not use what was appended. A store without a read of its own gets one that copies what
  /// ``forEachImage(_:_:)`` lends.
  ///
  /// - Parameters:
  ///   - indices: which images; any order, repeats allowed.
  ///   - regions: none for whole images, one for the same region of every image, or as many as
  ///     `indices` for a region of each, which may differ in size.
  ///   - destination: memory with room for the images: rows of pixels without padding.
  /// - Throws: ``StoreError/Code/indexOutOfRange``; ``StoreError/Code/invalidArgument`` for a
  ///   region outside its image, a number of regions that does not fit, or too little room;
  ///   ``StoreError/Code/corrupt`` and others for faults of the file, naming the image.
  func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError)

  /// Lends the pixels of images one after another, without a copy if the store ``isZeroCopy``.
  ///
  /// - Parameters:
  ///   - indices: which images; any order, repeats allowed.
  ///   - body: called once for each, in order, on the calling thread, with the position in `indices`,
  ///     the image's format, and its pixels, which are valid only until `body` returns.
  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError)

  /// Whether the pixels that ``forEachImage(_:_:)`` lends are borrowed from the file or memory of
  /// the store itself, rather than copied or decoded first.
  var isZeroCopy: Bool { get }

  /// Tells the store in which order the images will be read, so that the system can decide whether
  /// to read ahead.
  func advise(_ pattern: AccessPattern)

  /// Requests images that will be read soon, so that reading them does not wait for the disk.
  ///
  /// It returns before they are there, unless the system already has too many requests, and reads
  /// nothing twice. A loader calls it during an epoch; code that reads without a loader may call it
  /// some batches ahead. The default does nothing.
  ///
  /// - Parameter indices: which images; any order, repeats allowed. Those that no image has are ignored.
  func willRead(_ indices: Span<Int>)

  /// The share of the stored images, from 0 to 1, that can be read without waiting for a disk, by samples.
  ///
  /// A loader does not call ``willRead(_:)`` if nearly all are there. The default is 1.
  func residentShare() -> Double

  /// Reads everything and checks every checksum there is.
  ///
  /// - Parameter progress: called from time to time with the number of images checked.
  /// - Throws: the first fault found, naming the image or part.
  func verify(progress: (_ checked: Int) -> Void) throws(StoreError)

  /// How many of the images can be compared with a checksum. If none can, ``verify(progress:)`` and
  /// ``verify(_:)`` find only faults that make a file unreadable.
  ///
  /// It is known once the store is open. It has no default, so that no store claims checksums that
  /// it does not have.
  var checksumCoverage: ChecksumCoverage { get }

  /// Checks the pixels of some images against their checksums.
  ///
  /// Images without a checksum pass. ``verifyingReads()`` calls this before every read. The default
  /// is for stores whose ``checksumCoverage`` is ``ChecksumCoverage/noImages``; for any other it
  /// throws, since nothing was checked.
  ///
  /// - Parameter indices: which images; any order, repeats allowed.
  /// - Throws: ``StoreError/Code/corrupt``, naming the image; ``StoreError/Code/indexOutOfRange``.
  func verify(_ indices: Span<Int>) throws(StoreError)
}

/// The order in which a store is going to be read.
public enum AccessPattern: Sendable, Hashable {
  /// Nothing is known.
  case any
  /// By rising index.
  case sequential
  /// In random order; reading ahead would be wasted.
  case random
}

/// How many images of a store can be compared with a checksum of their pixels, or of the bytes they
/// are decoded from.
public enum ChecksumCoverage: Sendable, Hashable, CaseIterable {
  /// No image has a checksum.
  case noImages
  /// Some images have one and some do not.
  case someImages
  /// Every image has one.
  case allImages
}

extension ChecksumCoverage {
  /// The coverage of several stores together.
  package init(of stores: [ChecksumCoverage]) {
    let (first, all) = (stores.first ?? .noImages, stores.allSatisfy { $0 == stores.first })
    self = all ? first : .someImages
  }
}
