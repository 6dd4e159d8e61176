/// A promise that was not kept, with what is needed to see it again.
package struct Violation: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// Throws a violation unless a condition holds.
package func require(_ condition: Bool, _ description: @autoclosure () -> String) throws {
  if !condition { throw Violation(description()) }
}
