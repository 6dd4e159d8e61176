internal import ImageStoreCore
internal import ImageStoreSupport

extension LMDBWriterSession: EditingSession {
  var existing: LMDBStore? { old?.store }

  /// One transaction replaces the records that differ and removes those that are no longer wanted.
  func complete(saying annotations: StoreAnnotations) throws(StoreError) {
    guard let store = existing, let environment, case .records(let before) = store.contents.labels else {
      throw StoreError(
        .unsupported, "another program wrote this database, so it is not changed in place",
        remedy: "convert it first")
    }
    var labels = LabelRecords()
    try labels.append(ImageLabels(labels: annotations.labels, columns: annotations.newColumns))
    var records = try labels.annotations(count: store.count, classNames: annotations.classNames)
    let metadata = try StoreMetadata(count: store.count, isEncoded: store.contents.isEncoded).bytes
    records.append(LabelRecords.Record(key: StoreKey.metadata, bytes: metadata, isReplaced: true))
    let removed = before.annotationKeys(besides: annotations.keptColumns).subtracting(records.map(\.key))
    try commit(records, to: environment, isEdit: true) { (transaction) throws(StoreError) in
      for key in removed {
        try transaction.remove(key)
        try transaction.remove(StoreKey.checksum(of: key))
      }
      for record in records {
        var isThere = false
        try unsafe transaction.find(record.key) { unsafe isThere = $0.elementsEqual(record.bytes) }
        if !isThere { try transaction.replace(record.bytes, key: record.key) }
      }
    }
  }
}

extension StoreRecords {
  /// The keys of labels, class names and columns, except for some of them.
  fileprivate func annotationKeys(besides kept: Set<String>) -> Set<String> {
    let kept = Set(kept.flatMap { [StoreKey.column($0), StoreKey.offsets($0)] })
    var keys = Set([StoreKey.classNames].filter { singles[$0] != nil })
    for (name, values) in segments where !kept.contains(name) {
      guard
        name == StoreKey.labels || name.hasPrefix(StoreKey.column("")) || name.hasPrefix(StoreKey.offsets(""))
      else { continue }
      keys.formUnion(values.segments.map { StoreKey.segment(name, first: $0.first) })
    }
    return keys
  }
}
