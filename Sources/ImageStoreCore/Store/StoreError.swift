/// An error: what went wrong, where, and what to do about it.
///
/// Every call of the package that can fail because of a file, an argument read from a file, or the
/// system throws this one type. `description` is one line: the file, the image or key, what was
/// found, the remedy.
public struct StoreError: Error, Sendable, Hashable {
  /// The kind of an error. The set is open: later versions may add codes.
  public struct Code: RawRepresentable, Sendable, Hashable {
    /// The name of the code.
    public let rawValue: String
    /// A code with a name, such as one that a backend defines.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// There is no such file, store, column or key.
    public static let notFound = Code(rawValue: "notFound")
    /// The destination exists, and neither replacing nor appending was asked for.
    public static let alreadyExists = Code(rawValue: "alreadyExists")
    /// The file is of another kind than was asked for.
    public static let unrecognized = Code(rawValue: "unrecognized")
    /// The file contradicts itself or its format: it is cut short, has flipped bits, or makes false
    /// statements.
    public static let corrupt = Code(rawValue: "corrupt")
    /// The file is valid but has something this package does not read, or a store was given
    /// something that its format cannot hold.
    public static let unsupported = Code(rawValue: "unsupported")
    /// The file needs a trait of the package that this build does not have.
    public static let missingTrait = Code(rawValue: "missingTrait")
    /// An argument is not valid for this store.
    public static let invalidArgument = Code(rawValue: "invalidArgument")
    /// An image index is not in `0..<count`.
    public static let indexOutOfRange = Code(rawValue: "indexOutOfRange")
    /// A size stated by a file is beyond the limits of the package.
    public static let limitExceeded = Code(rawValue: "limitExceeded")
    /// Another writer is using the store.
    public static let busy = Code(rawValue: "busy")
    /// The operating system refused.
    public static let system = Code(rawValue: "system")
  }

  /// The kind of the error.
  public var code: Code
  /// What was found.
  public var message: String
  /// What to do about it.
  public var remedy: String?
  /// The file or folder concerned.
  public var path: String?
  /// The index of the image concerned.
  public var image: Int?
  /// The key, entry, dataset or column concerned.
  public var key: String?
  /// What the operating system or a C library reported, if one did.
  public var underlying: Underlying?
  private var causes: Cause?

  /// Creates an error; places that are not known yet are filled in by ``at(path:image:key:)``.
  public init(
    _ code: Code, _ message: String, remedy: String? = nil, path: String? = nil,
    image: Int? = nil, key: String? = nil, underlying: Underlying? = nil, cause: StoreError? = nil
  ) {
    self.code = code
    self.message = message
    self.remedy = remedy
    self.path = path
    self.image = image
    self.key = key
    self.underlying = underlying
    self.cause = cause
  }

  /// The error that led to this one, if there was one.
  public var cause: StoreError? {
    get { causes?.error }
    set { causes = newValue.map(Cause.init) }
  }

  /// The same error with the places filled in that were not known when it was thrown.
  public func at(path: String? = nil, image: Int? = nil, key: String? = nil) -> StoreError {
    var error = self
    error.path = error.path ?? path
    error.image = error.image ?? image
    error.key = error.key ?? key
    return error
  }
}

extension StoreError {
  /// An error number and its domain.
  public struct Underlying: Sendable, Hashable {
    /// The library or system that defines such numbers. The set is open.
    public struct Domain: RawRepresentable, Sendable, Hashable {
      /// The name of the domain.
      public let rawValue: String
      /// A domain with a name, such as that of another library.
      public init(rawValue: String) { self.rawValue = rawValue }

      /// The operating system: `errno`.
      public static let posix = Domain(rawValue: "posix")
      /// liblmdb: `MDB_...`, or an `errno` if positive.
      public static let lmdb = Domain(rawValue: "lmdb")
      /// libhdf5: a minor error number.
      public static let hdf5 = Domain(rawValue: "hdf5")
      /// zlib: `Z_...`.
      public static let zlib = Domain(rawValue: "zlib")
      /// libdeflate: `enum libdeflate_result`.
      public static let libdeflate = Domain(rawValue: "libdeflate")
    }

    /// The domain of the number.
    public var domain: Domain
    /// The number.
    public var code: Int32

    /// Creates an error number of a domain.
    public init(_ domain: Domain, _ code: Int32) {
      self.domain = domain
      self.code = code
    }
  }

  // A value cannot hold one of its own type but by reference.
  private final class Cause: Sendable, Hashable {
    let error: StoreError

    init(_ error: StoreError) { self.error = error }

    static func == (first: Cause, second: Cause) -> Bool { first.error == second.error }
    func hash(into hasher: inout Hasher) { hasher.combine(error) }
  }
}

extension StoreError: CustomStringConvertible {
  /// One line that names the file, the image or key, what was found, what to do, and then what
  /// caused it.
  public var description: String {
    var line = path.map { "\($0): " } ?? ""
    switch (image, key) {
    case (let image?, let key?): line += "image \(image) (\(key)): "
    case (let image?, nil): line += "image \(image): "
    case (nil, let key?): line += "\(key): "
    case (nil, nil): break
    }
    line += message
    if let remedy { line += "; \(remedy)" }
    if let cause { line += " (caused by: \(cause))" }
    // Names come from files: a line break or an escape sequence in one must not reach a terminal.
    return String(
      String.UnicodeScalarView(
        line.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
  }
}
