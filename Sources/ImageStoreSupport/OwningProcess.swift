#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The process that made a writer. A child that has forked has a copy of the writer and must not clean up after it.
package struct OwningProcess: Sendable {
  private let identifier = getpid()

  package init() {}

  /// Whether this is the process.
  package var isCurrent: Bool { identifier == getpid() }
}
