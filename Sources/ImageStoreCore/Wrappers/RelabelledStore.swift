/// A store with other labels, or none.
///
///     let store = NPZStore(at: "images.npz").relabelled(with: labels, classNames: ["cat", "dog"])
public struct RelabelledStore: StoreWrapper {
  public let base: any ImageStore
  public let classNames: [String]?
  private let given: [Int]?

  /// - Throws: ``StoreError/Code/invalidArgument`` if there is not one label per image.
  init(_ base: any ImageStore, _ labels: [Int]?, classNames: [String]?) throws(StoreError) {
    if let labels, labels.count != base.count {
      throw StoreError(.invalidArgument, "\(labels.count) labels for \(base.count) images")
    }
    self.base = base
    given = labels
    self.classNames = classNames
  }

  public func labels() throws(StoreError) -> [Int]? { given }
}

extension ImageStore {
  /// This store with other labels.
  ///
  /// - Parameters:
  ///   - labels: one label per image, or nil for none.
  ///   - classNames: the names of the classes that labels count from 0, if known.
  /// - Throws: ``StoreError/Code/invalidArgument`` if there is not one label per image.
  public func relabelled(
    with labels: [Int]?, classNames: [String]? = nil
  ) throws(StoreError) -> RelabelledStore {
    try RelabelledStore(self, labels, classNames: classNames)
  }
}
