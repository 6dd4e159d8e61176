public import ArgumentParser
internal import ImageStoreCatalog
public import ImageStoreCore
internal import ImageStoreSupport

// Values that the command line is made of.

extension PartSelection: ExpressibleByArgument {}
extension Compression: ExpressibleByArgument {}
extension ElementType: ExpressibleByArgument {}
extension BitAxis: ExpressibleByArgument {}

enum BitOrder: String, ExpressibleByArgument, CaseIterable {
  case big, little
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

/// The shape of an image as numpy would print it, with x between the numbers.
struct Shape: ExpressibleByArgument {
  let sizes: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false)
    let sizes = parts.compactMap { Int($0) }
    guard sizes.count == parts.count, sizes.count == 2 || sizes.count == 3, sizes.allSatisfy({ $0 > 0 })
    else { return nil }
    self.sizes = sizes
  }
}

/// What the user says of files that do not describe themselves.
struct DescribingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Height, width and channels of an image, such as 32x32x3.", valueName: "HxWxC"))
  var shape: Shape?

  @Option(help: ArgumentHelp("Type of a sample, by numpy's name.", valueName: "type"))
  var dtype: ElementType?

  @Option(help: ArgumentHelp("Axis along which bits are packed.", valueName: "rows|columns"))
  var axis: BitAxis?

  @Option(
    help: ArgumentHelp(
      "Whether the first pixel is a byte's highest bit or its lowest.", valueName: "big|little"))
  var bitOrder: BitOrder?

  @Option(help: ArgumentHelp("Name of the dataset or array of images.", valueName: "name"))
  var images: String?

  @Option(help: ArgumentHelp("Name of the dataset or array of labels.", valueName: "name"))
  var labels: String?

  var description: SourceDescription {
    var description = SourceDescription()
    description.shape = shape?.sizes
    description.elementType = dtype
    description.axis = axis
    description.isLittleEndian = bitOrder.map { $0 == .little }
    description.images = images
    description.labels = labels
    return description
  }
}
