import ImageStoreSupport

/// Where in an archive's directory the entry of each image is.
struct ImagePositions: Sendable {
  let count: Int
  /// The position of the first image if images are in a row, numbered from 0.
  private let first: Int
  /// Positions of images that do not.
  private let others: [UInt32]
  /// Names of images that are not called by their number.
  private let names: [String]
  /// Numbers of images, if those leave gaps.
  private let numbers: [Int]

  /// Whether image `i` is called `ix-i.npy`, with at least six digits, for all images.
  var areNumbered: Bool { names.isEmpty && numbers.isEmpty }

  /// The entries called `ix-000000.npy` and so on, by rising number.
  init(_ directory: ZipDirectory) {
    first = directory.firstNumbered
    names = []
    guard !directory.strayNumbers.isEmpty else {
      count = directory.numberedCount
      others = []
      numbers = []
      return
    }
    let row = (0..<directory.numberedCount).map { (number: $0, position: directory.firstNumbered + $0) }
    let all = row + directory.strayNumbers
    count = all.count
    others = all.map { UInt32($0.position) }
    let isGapless = all.enumerated().allSatisfy { $0.offset == $0.element.number }
    numbers = isGapless ? [] : all.map(\.number)
  }

  /// Entries of any names, in the order given.
  init(named entries: [ZipDirectory.Named]) {
    count = entries.count
    first = 0
    others = entries.map { UInt32($0.position) }
    names = entries.map(\.name)
    numbers = []
  }

  /// The position of an image's entry; the index has been checked.
  @inline(__always)
  func position(of index: Int) -> Int {
    others.isEmpty ? first + index : Int(others[index])
  }

  func name(of index: Int) -> String {
    if !names.isEmpty { return names[index] }
    return ZipNumbering.images.name(of: numbers.isEmpty ? index : numbers[index])
  }
}
