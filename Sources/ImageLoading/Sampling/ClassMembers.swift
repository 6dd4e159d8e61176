/// The images of each class, classes by rising label, images by rising index.
struct ClassMembers: Sendable {
  /// The labels that occur, rising.
  let labels: [Int]
  /// Where each class begins in `images`, and the end.
  private let starts: [Int]
  private let images: [Int]

  init(_ labels: [Int]) {
    // A stable sort by label.
    images = labels.indices.sorted { (labels[$0], $0) < (labels[$1], $1) }
    var found: [Int] = []
    var starts: [Int] = []
    for (position, image) in images.enumerated() where found.last != labels[image] {
      found.append(labels[image])
      starts.append(position)
    }
    self.labels = found
    self.starts = starts + [images.count]
  }

  /// The images of a class, which is a position in `labels`.
  func members(_ number: Int) -> ArraySlice<Int> { images[starts[number]..<starts[number + 1]] }

  var imageCount: Int { images.count }

  /// Calls `body` with each class, a position in `labels`, and each of its images, shuffled.
  func forEachShuffled(seed: UInt64, _ body: (_ number: Int, _ image: Int) -> Void) {
    let key = RandomKey(seed: seed, epoch: 0, purpose: .folds)
    for number in labels.indices {
      let members = members(number)
      let order = KeyedPermutation(count: members.count, key: key.part(number))
      for position in 0..<members.count { body(number, members[members.startIndex + order[position]]) }
    }
  }

  /// The image that two random words draw: every class is equally likely, and every image of a class.
  @inline(__always)
  func draw(_ first: UInt64, _ second: UInt64) -> Int {
    let number = first.scaled(to: labels.count)
    let start = starts[number]
    return images[start + second.scaled(to: starts[number + 1] - start)]
  }
}
