package import ImageStoreCore
internal import ImageStoreSupport

// One description for two files.

extension StoreCatalog {
  /// Divides a description between two files: a file that describes itself gets no part of it,
  /// unless both do; another file gets the options that apply to its kind.
  ///
  /// - Throws: ``StoreError/Code/unusedOption`` for an option that applies to neither of them, and
  ///   as ``format(of:_:)``.
  package static func divide(
    _ description: StoreDescription, between paths: (String, String)
  ) throws(StoreError) -> (StoreDescription, StoreDescription) {
    guard !description.options.isEmpty else { return (description, description) }
    let formats = (try format(of: paths.0, description), try format(of: paths.1, description))
    let areKnown = (formats.0.describesItself(paths.0), formats.1.describesItself(paths.1))
    func part(_ format: any StoreFormat, _ isKnown: Bool) -> StoreDescription {
      guard !isKnown || areKnown.0 && areKnown.1 else { return StoreDescription() }
      return description.leavingOut(description.options.subtracting(format.options.union([.labels])))
    }
    let parts = (part(formats.0, areKnown.0), part(formats.1, areKnown.1))
    let unused = description.options.subtracting(parts.0.options.union(parts.1.options))
    guard let option = unused.map(\.rawValue).min() else { return parts }
    throw .unusedOption(
      option,
      areKnown.0 == areKnown.1
        ? "it does not apply to either of the two (\(formats.0.name), \(formats.1.name))"
        : "it does not apply to the format \(areKnown.0 ? formats.1.name : formats.0.name)")
  }
}
