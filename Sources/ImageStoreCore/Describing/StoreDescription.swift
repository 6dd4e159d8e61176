/// The caller's description of a file that does not describe itself, or that should be read in
/// another way than usual.
///
///     var description = StoreDescription()
///     description.images = "X"
///     description.dimensions = "NCHW"
///     let store = try StoreCatalog.open(at: "train.h5", description)
///
/// Every property that is set is used or refused: an option that does not apply to a format is an
/// error with the code ``StoreError/Code/unusedOption``, which names the option and the format.
public struct StoreDescription: Sendable, Hashable {
  /// Which images: the name or path of an array, dataset or group; the prefix of an LMDB database's
  /// keys, or one of its named databases; a column of a CSV.
  public var images: String?
  /// Where the labels are.
  public var labels: Labels?
  /// The order of an array's axes.
  public var dimensions: Dimensions?
  /// The height, width and channels of an image, which a file that states them must agree with.
  public var shape: ImageShape?
  /// The type of a sample, which a file that states it must agree with.
  public var elementType: ElementType?
  /// The order of an image's channels in the file; images are delivered as RGB.
  public var channelOrder: ChannelOrder?
  /// How images with a palette are read.
  public var palette: PaletteReading?
  /// How images with a stored orientation are delivered; nil means as they are stored.
  public var orientation: Orientation?
  /// The axis along which bits are packed.
  public var axis: PackingAxis?
  /// Which bit of a byte is the first pixel.
  public var bitOrder: BitOrder?
  /// The depth of the folders that are classes; 1 means the folders in the root.
  public var classDepth: Int?

  /// A description with no property set.
  public init() {}

  /// Where the labels of images are.
  public enum Labels: Sendable, Hashable {
    /// Nowhere: no labels are read, even if the file has some.
    case none
    /// Under a name in the same file, or the key prefix or column of that name.
    case named(String)
    /// In another file: `.npy`, `.npz`, HDF5, CSV or IDX.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - name: the array, dataset or column in it; nil if there is only one, or one with a usual
    ///     name.
    case file(_ path: String, name: String? = nil)
  }

  /// The axis along which the pixels of a mask are packed into bytes.
  public enum PackingAxis: String, Sendable, Hashable, CaseIterable {
    /// A byte has pixels of eight rows.
    case rows
    /// A byte has pixels of eight columns.
    case columns
    /// Bits run on from row to row and, in one axis or bare bytes, from mask to mask:
    /// `numpy.packbits` without an axis.
    case flat
  }

  /// The order of bits in a byte, by numpy's names.
  public enum BitOrder: String, Sendable, Hashable, CaseIterable {
    /// The first pixel is the highest bit.
    case big
    /// The first pixel is the lowest bit.
    case little
  }

  /// The order of an image's color channels.
  public enum ChannelOrder: String, Sendable, Hashable, CaseIterable {
    /// Red first.
    case rgb
    /// Blue first, as OpenCV has them.
    case bgr
  }

  /// How images with a palette are read.
  public enum PaletteReading: String, Sendable, Hashable, CaseIterable {
    /// The colors, as decoders usually deliver them.
    case colors
    /// The indices, which are the classes of segmentation masks.
    case indices
  }

  /// How an image is delivered whose file says how a viewer should turn it, as the Exif data of a
  /// JPEG do.
  public enum Orientation: String, Sendable, Hashable, CaseIterable {
    /// As the pixels are stored. This is what Pillow and torchvision do by default.
    case asStored = "stored"
    /// As a viewer shows it.
    case upright
  }
}

/// The height, width and channels of an image.
public struct ImageShape: Sendable, Hashable, CustomStringConvertible {
  /// Rows of pixels.
  public var height: Int
  /// Columns of pixels.
  public var width: Int
  /// Samples per pixel; nil if they are not given.
  public var channels: Int?

  /// Creates a shape. All sizes are at least 1.
  public init(height: Int, width: Int, channels: Int? = nil) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Such as `32x32x3`.
  public var description: String { "\(height)x\(width)" + (channels.map { "x\($0)" } ?? "") }

  /// Whether images of a format have this shape.
  public func fits(_ format: ImageFormat) -> Bool {
    format.height == height && format.width == width && (channels ?? format.channels) == format.channels
  }
}

extension StoreDescription {
  /// The properties of a description, by the names of the command line's options.
  public enum Option: String, Sendable, Hashable, CaseIterable {
    /// ``StoreDescription/images``.
    case images
    /// ``StoreDescription/labels``.
    case labels
    /// ``StoreDescription/dimensions``.
    case dimensions
    /// ``StoreDescription/shape``.
    case shape
    /// ``StoreDescription/elementType``.
    case dtype
    /// ``StoreDescription/channelOrder``.
    case channelOrder = "channel-order"
    /// ``StoreDescription/palette``.
    case palette
    /// ``StoreDescription/orientation``.
    case orientation
    /// ``StoreDescription/axis``.
    case axis
    /// ``StoreDescription/bitOrder``.
    case bitOrder = "bit-order"
    /// ``StoreDescription/classDepth``.
    case classDepth = "classes-at"
  }

  /// The properties that are set.
  public var options: Set<Option> {
    let stated: [(Option, Bool)] = [
      (.images, images != nil), (.labels, labels != nil), (.dimensions, dimensions != nil),
      (.shape, shape != nil), (.dtype, elementType != nil), (.channelOrder, channelOrder != nil),
      (.palette, palette != nil), (.orientation, orientation != nil), (.axis, axis != nil),
      (.bitOrder, bitOrder != nil),
      (.classDepth, classDepth != nil),
    ]
    return Set(stated.filter(\.1).map(\.0))
  }

  /// Refuses options that a format does not know.
  ///
  /// - Parameters:
  ///   - known: the options that apply to the format.
  ///   - format: what the format is called, such as `CIFAR`.
  /// - Throws: ``StoreError/Code/unusedOption``.
  package func check(_ known: Set<Option>, format: String) throws(StoreError) {
    let unused = options.subtracting(known).map(\.rawValue).sorted()
    guard let option = unused.first else { return }
    throw .unusedOption(option, "it does not apply to the format \(format)")
  }

  /// The description without some options.
  package func leavingOut(_ options: Set<Option>) -> StoreDescription {
    var rest = self
    for option in options {
      switch option {
      case .images: rest.images = nil
      case .labels: rest.labels = nil
      case .dimensions: rest.dimensions = nil
      case .shape: rest.shape = nil
      case .dtype: rest.elementType = nil
      case .channelOrder: rest.channelOrder = nil
      case .palette: rest.palette = nil
      case .orientation: rest.orientation = nil
      case .axis: rest.axis = nil
      case .bitOrder: rest.bitOrder = nil
      case .classDepth: rest.classDepth = nil
      }
    }
    return rest
  }

  /// The name of the labels in the same file, if one is given.
  package var labelsName: String? { if case .named(let name) = labels { name } else { nil } }

  /// The path of another file that has the labels, if one is given.
  package var labelsPath: String? { if case .file(let path, _) = labels { path } else { nil } }

  /// The format of images without any other source of their format, if their shape is given;
  /// samples are bytes by default.
  package func statedFormat() throws(StoreError) -> ImageFormat? {
    guard let shape else { return nil }
    return try ImageFormat(
      validating: shape.height, width: shape.width, channels: shape.channels ?? 1,
      elementType: elementType ?? .uint8)
  }

  /// Compares the format of all images with the description.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if they differ, stating both.
  package func check(_ format: ImageFormat) throws(StoreError) {
    if let shape, !shape.fits(format) {
      let found = ImageShape(height: format.height, width: format.width, channels: format.channels)
      throw StoreError(
        .invalidArgument, "the images are \(found), but \(shape) was given",
        remedy: "give their true shape, or give the order of their axes with --dimensions")
    }
    if let elementType, elementType != format.elementType {
      throw StoreError(
        .invalidArgument, "the samples are \(format.elementType.name), but \(elementType.name) was given",
        remedy: "leave --dtype out")
    }
  }
}

extension StoreError.Code {
  /// An option of the description does not apply to the file.
  public static let unusedOption = StoreError.Code(rawValue: "unusedOption")
}

extension StoreError {
  /// The error for an option that does not apply.
  package static func unusedOption(_ option: String, _ reason: String) -> StoreError {
    StoreError(.unusedOption, "--\(option): \(reason)", remedy: "leave it out")
  }
}
