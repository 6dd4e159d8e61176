/// The order of the axes of an array of images, one letter per axis: `N` images, `H` rows, `W`
/// columns, `C` channels, or `D` for the samples of an image in one axis.
///
///     let dimensions: Dimensions = "NCHW"
public struct Dimensions: Sendable, Hashable {
  /// An axis.
  public enum Axis: Character, Sendable, Hashable, CaseIterable {
    /// Images.
    case image = "N"
    /// Rows of pixels.
    case row = "H"
    /// Columns of pixels.
    case column = "W"
    /// Samples of a pixel.
    case channel = "C"
    /// All samples of an image: rows of pixels, each pixel its samples.
    case flat = "D"
  }

  /// The axes, the one whose neighbours are farthest apart first.
  public let axes: [Axis]

  /// The axes of an array.
  ///
  /// - Parameter letters: such as `NHWC`, in either case. An array without `N` is one image, one
  ///   without `C` has one channel.
  /// - Returns: nil unless each letter is an axis, no letter occurs twice, and the letters are `H`
  ///   and `W`, or `D`, with or without `N` and `C`.
  public init?(_ letters: String) {
    let axes = letters.uppercased().compactMap { Axis(rawValue: $0) }
    let set = Set(axes)
    guard axes.count == letters.count, set.count == axes.count else { return nil }
    let isFlat = set.contains(.flat)
    guard
      isFlat
        ? set.isDisjoint(with: [.row, .column, .channel]) && set.contains(.image)
        : set.isSuperset(of: [.row, .column])
    else { return nil }
    self.axes = axes
  }

  /// Where an axis is in the array's shape; nil if it has none.
  public func position(of axis: Axis) -> Int? { axes.firstIndex(of: axis) }
}

extension Dimensions {
  /// The likely order of the axes of an array of three or four with the images in the last.
  ///
  /// - Parameter isTurned: whether MATLAB wrote it, whose first axis is the last in the file.
  package static func withImagesLast(_ shape: [Int], isTurned: Bool = false) -> Dimensions {
    guard shape.count == 4 else { return isTurned ? "WHN" : "HWN" }
    let areChannelsFirst = shape[0] <= 4 && shape[2] > 4
    return isTurned ? areChannelsFirst ? "CWHN" : "WHCN" : areChannelsFirst ? "CHWN" : "HWCN"
  }
}

extension Dimensions: ExpressibleByStringLiteral {
  /// The axes of a literal; see ``init(_:)``. A literal that is not valid ends the program.
  public init(stringLiteral letters: String) {
    guard let dimensions = Dimensions(letters) else {
      preconditionFailure("\(letters) are not axes of images")
    }
    self = dimensions
  }
}

extension Dimensions: CustomStringConvertible {
  /// The letters.
  public var description: String { String(axes.map(\.rawValue)) }
}
