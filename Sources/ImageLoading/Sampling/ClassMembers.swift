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
    for (place, image) in images.enumerated() where found.last != labels[image] {
      found.append(labels[image])
      starts.append(place)
    }
    self.labels = found
    self.starts = starts + [images.count]
  }

  /// The images of a class, by its place in `labels`.
  func members(_ place: Int) -> ArraySlice<Int> { images[starts[place]..<starts[place + 1]] }

  var imageCount: Int { images.count }

  /// Calls `body` with the place of each class in `labels` and each of its images, shuffled.
  func forEachShuffled(seed: UInt64, _ body: (_ place: Int, _ image: Int) -> Void) {
    let key = RandomKey(seed: seed, epoch: 0, purpose: .folds)
    for place in labels.indices {
      let members = members(place)
      let order = KeyedPermutation(count: members.count, key: key.part(place))
      for position in 0..<members.count { body(place, members[members.startIndex + order[position]]) }
    }
  }

  @inline(__always)
  func draw(_ first: UInt64, _ second: UInt64) -> Int {
    let place = first.scaled(to: labels.count)
    let start = starts[place]
    return images[start + second.scaled(to: starts[place + 1] - start)]
  }
}
