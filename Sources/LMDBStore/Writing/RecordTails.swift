internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

/// The last segments of a store's records, if they are so short that they are within leaves. An
/// append writes them again with its own values after them, so that sessions of few images do not
/// leave records of few values, all of which every later session checks.
///
/// Readers copy what is within leaves when they open a store, so that none of them looks for the old segment.
struct RecordTails {
  /// The values from an image on, to the last.
  struct Tail<Values> {
    let first: Int
    let values: Values
  }

  private(set) var labels: Tail<[Int]>?
  private(set) var columns: [String: Tail<Column>] = [:]
  private(set) var checksums: Tail<[UInt32]>?
  private(set) var kinds: Tail<[StoredKind]>?

  /// Those of a new store.
  init() {}

  init(of store: LMDBStore) throws(StoreError) {
    guard store.count > 0, case .records(let records) = store.contents.labels else { return }
    let file = store.contents.file
    func tail(_ name: String) -> (first: Int, values: RecordSegments)? {
      guard let values = records.segments[name], let (first, tail) = values.shortTail, first < store.count
      else { return nil }
      return (first, tail)
    }
    if let (first, values) = tail(StoreKey.labels) {
      labels = Tail(first: first, values: try values.labels(of: store.count - first, in: file))
    }
    if let (first, values) = tail(StoreKey.checksum(of: StoreKey.images)) {
      checksums = Tail(first: first, values: try values.checksums(of: store.count - first, in: file))
    }
    if let (first, values) = tail(StoreKey.shapes) {
      var kinds: [StoredKind] = []
      try unsafe values.forEach(of: store.count - first, in: file) {
        (_, header, data) throws(StoreError) in
        let shapes = try unsafe ShapeRecord(header, data)
        for position in 0..<shapes.count { kinds.append(try shapes.kind(position)) }
      }
      self.kinds = Tail(first: first, values: kinds)
    }
    for name in records.columnNames {
      guard let (first, values) = tail(StoreKey.column(name)) else { continue }
      guard records.offsets(of: StoreKey.column(name)) != nil else {
        columns[name] = Tail(first: first, values: try values.column(of: store.count - first, in: file))
        continue
      }
      guard let (start, offsets) = tail(StoreKey.offsets(name)), start == first else { continue }
      columns[name] = Tail(
        first: first, values: try values.bytes(of: store.count - first, offsets, in: file))
    }
  }
}

extension RecordSegments {
  /// The last segment by itself, counted from 0, and where it begins; nil if it has pages of its own.
  fileprivate var shortTail: (first: Int, segments: RecordSegments)? {
    guard let last = segments.last, case .copy = last.location else { return nil }
    return (last.first, RecordSegments(name: name, [Segment(first: 0, location: last.location)]))
  }
}
