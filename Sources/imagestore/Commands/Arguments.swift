public import ArgumentParser
internal import ImageStoreCatalog
public import ImageStoreCore
internal import ImageStoreSupport

// The values of the command line's options.

extension Compression: ExpressibleByArgument {}
extension ElementType: ExpressibleByArgument {}
extension ResizeFilter: ExpressibleByArgument {}
extension StoreDescription.PackingAxis: ExpressibleByArgument {}
extension StoreDescription.BitOrder: ExpressibleByArgument {}
extension StoreDescription.ChannelOrder: ExpressibleByArgument {}
extension StoreDescription.PaletteReading: ExpressibleByArgument {}
extension StoreDescription.Orientation: ExpressibleByArgument {}

extension SplitChoice: ExpressibleByArgument {
  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    self.init(argument)
  }

  var defaultValueDescription: String { split?.rawValue ?? "all" }
}

extension Dimensions: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension StoreDescription.Labels: ExpressibleByArgument {
  /// `none`; the path of a file, followed by `:NAME` for a name in that file; otherwise a name in
  /// the file of the images.
  public init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    if argument == "none" {
      self = .none
    } else if FileSystem.kind(of: argument) == .file {
      self = .file(argument)
    } else if let colon = argument.lastIndex(of: ":"),
      FileSystem.kind(of: String(argument[..<colon])) == .file
    {
      self = .file(String(argument[..<colon]), name: String(argument[argument.index(after: colon)...]))
    } else {
      self = .named(argument)
    }
  }
}

/// A name of a format that can be written.
struct FormatName: ExpressibleByArgument {
  let format: any WritableStoreFormat

  init?(argument: String) {
    guard let format = StoreCatalog.format(named: argument) else { return nil }
    self.format = format
  }

  static var allValueStrings: [String] { StoreCatalog.writable.map(\.name) }
  var defaultValueDescription: String { format.name }
}

/// A number of bytes: `64MB`, `128MiB`, `1GB` or a number alone.
struct ByteCount: ExpressibleByArgument, Equatable {
  let bytes: Int

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), number > 0 else { return nil }
    let unit: Int
    switch argument.dropFirst(digits.count).uppercased() {
    case "", "B": unit = 1
    case "KB": unit = 1_000
    case "MB": unit = 1_000_000
    case "GB": unit = 1_000_000_000
    case "KIB": unit = 1 << 10
    case "MIB": unit = 1 << 20
    case "GIB": unit = 1 << 30
    default: return nil
    }
    let (bytes, overflows) = number.multipliedReportingOverflow(by: unit)
    guard !overflows else { return nil }
    self.bytes = bytes
  }
}

/// The shape of an image as numpy would print it, with x between the numbers.
extension ImageShape: ExpressibleByArgument {
  public init?(argument: String) {
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false)
    let sizes = parts.compactMap { Int($0) }
    guard sizes.count == parts.count, sizes.count == 2 || sizes.count == 3, sizes.allSatisfy({ $0 > 0 })
    else { return nil }
    self.init(height: sizes[0], width: sizes[1], channels: sizes.count > 2 ? sizes[2] : nil)
  }
}

/// The user's description of files that do not describe themselves.
struct DescribingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the images are: an array, a dataset or group, a prefix of keys, a column of file names.",
      valueName: "name"))
  var images: String?

  @Option(
    help: ArgumentHelp(
      "Where the labels are: a name in the same file, another file, a name in another file, or none.",
      valueName: "name|file|file:name|none"))
  var labels: StoreDescription.Labels?

  @Option(
    help: ArgumentHelp(
      "Order of an array's axes: N images, H rows, W columns, C channels, D all samples of one image.",
      valueName: "NHWC|NCHW|..."))
  var dimensions: Dimensions?

  @Option(help: ArgumentHelp("Height, width and channels of an image, such as 32x32x3.", valueName: "HxWxC"))
  var shape: ImageShape?

  @Option(help: ArgumentHelp("Type of a sample, as numpy calls it, such as uint8.", valueName: "type"))
  var dtype: ElementType?

  @Option(help: ArgumentHelp("Order of the channels in the file.", valueName: "rgb|bgr"))
  var channelOrder: StoreDescription.ChannelOrder?

  @Option(
    help: ArgumentHelp(
      "How pictures with a palette are read: as colors, or as indices (for masks).",
      valueName: "colors|indices"))
  var palette: StoreDescription.PaletteReading?

  @Option(
    help: ArgumentHelp(
      "How JPEGs with an EXIF orientation are read: as stored, or turned upright.",
      valueName: "stored|upright"))
  var orientation: StoreDescription.Orientation?

  @Option(
    help: ArgumentHelp(
      "Axis along which bits are packed; flat if they run on from row to row.", valueName: "rows|columns|flat"
    ))
  var axis: StoreDescription.PackingAxis?

  @Option(
    help: ArgumentHelp(
      "Whether the first pixel is the highest bit of a byte (big) or the lowest (little).",
      valueName: "big|little"))
  var bitOrder: StoreDescription.BitOrder?

  @Option(
    help: ArgumentHelp(
      "Depth of the folders that are classes; 1 for the folders in the root.", valueName: "depth"))
  var classesAt: Int?

  func validate() throws {
    if let classesAt, classesAt < 1 { throw ValidationError("--classes-at takes a number from 1.") }
  }

  var description: StoreDescription {
    var description = StoreDescription()
    description.images = images
    description.labels = labels
    description.dimensions = dimensions
    description.shape = shape
    description.elementType = dtype
    description.channelOrder = channelOrder
    description.palette = palette
    description.orientation = orientation
    description.axis = axis
    description.bitOrder = bitOrder
    description.classDepth = classesAt
    return description
  }
}
