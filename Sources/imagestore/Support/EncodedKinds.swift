internal import ImageStoreCodecs
internal import ImageStoreCore

/// The number of images of a store in each encoded format.
struct EncodedKinds {
  /// The layout of stores that keep images as they are encoded.
  static let layout = "encoded"

  /// By the names of the formats.
  let counts: [String: Int]

  /// Counts by the store's index, or else by the first bytes of each image.
  init(of store: any ImageStore) throws(StoreError) {
    let codecs = ImageCodecs.all()
    var counts: [String: Int] = [:]
    let step = 1024
    for start in stride(from: 0, to: store.count, by: step) {
      let end = min(start + step, store.count)
      if store.knownCodecNumber(at: start) != nil {
        for index in start..<end {
          let codec = codecs.first { $0.number == store.knownCodecNumber(at: index) }
          counts[codec?.name ?? "others", default: 0] += 1
        }
      } else {
        try store.forEachEncodedImage(Array(start..<end).span) { (_, bytes) in
          counts[codecs.first { $0.recognizes(bytes) }?.name ?? "others", default: 0] += 1
        }
      }
    }
    self.counts = counts
  }

  /// Such as `980 JPEG, 20 PNG`, the most frequent first.
  var text: String {
    counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\(Numbers.grouped($0.value)) \($0.key)" }.joined(separator: ", ")
  }
}
