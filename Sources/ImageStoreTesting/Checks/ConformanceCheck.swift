/// One promise of the protocol, checked on stores of any kind.
///
/// Pass `ConformanceCheck.all` to a parameterised test as its arguments; see ``StoreFactory``.
public struct ConformanceCheck: Sendable {
  /// The name of the check, in a few words.
  public let name: String
  private let body: @Sendable (inout CheckRun) throws -> Void

  init(_ name: String, _ body: @escaping @Sendable (inout CheckRun) throws -> Void) {
    self.name = name
    self.body = body
  }

  /// Checks stores of a factory, in a temporary folder that is removed afterwards.
  ///
  /// - Parameters:
  ///   - factory: how stores of that kind are written and opened.
  ///   - seed: the seed of images, orders and operations; a failure names it.
  /// - Throws: ``ConformanceFailure``, with the expected and the actual result.
  public func run(on factory: StoreFactory, seed: UInt64 = 1) throws(ConformanceFailure) {
    do {
      let folder = try TemporaryFolder()
      var run = CheckRun(factory, folder: folder.path, seed: seed)
      try body(&run)
      if factory.capabilities.isFileBased {
        let strays = folder.entries.filter { !run.written.contains($0) }
        guard strays.isEmpty else { throw PlanViolation("files are left over: \(strays)") }
      }
    } catch {
      throw ConformanceFailure(
        store: factory.name, check: name, seed: seed, message: String(describing: error))
    }
  }

  /// All checks.
  public static let all: [ConformanceCheck] =
    reading + regions + refusals + borrowing + verifying + labels + columnChecks + formats + writing
    + appending
    + classNames + many
}

extension ConformanceCheck: CustomStringConvertible {
  /// The name of the check.
  public var description: String { name }
}

/// Checks everything the protocol promises on stores of one kind.
///
/// - Parameters:
///   - factory: how stores of that kind are written and opened, and what they can hold.
///   - seed: the seed of images, orders and operations; a failure names it.
/// - Throws: the first failure.
public func checkConformance(
  of factory: StoreFactory, seed: UInt64 = 1
) throws(ConformanceFailure) {
  for check in ConformanceCheck.all { try check.run(on: factory, seed: seed) }
}

/// A store did not do what the protocol promises.
public struct ConformanceFailure: Error, Sendable, Hashable {
  /// The name of the store's factory.
  public let store: String
  /// The name of the check that failed.
  public let check: String
  /// The seed that reproduces the failure.
  public let seed: UInt64
  /// The expected and the actual result.
  public let message: String
}

extension ConformanceFailure: CustomStringConvertible {
  /// One line: the store, the check, the seed, and the expected and the actual result.
  public var description: String { "\(store) fails \"\(check)\" (seed \(seed)): \(message)" }
}
