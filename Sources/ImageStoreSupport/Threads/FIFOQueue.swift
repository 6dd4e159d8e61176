/// Elements in the order in which they were added. One that has been taken out is not kept: it may
/// hold the memory of a whole block.
package struct FIFOQueue<Element> {
  /// nil for those that have been taken out, which are all before `first`.
  private var elements: [Element?] = []
  private var start = 0

  package init() {}

  package var isEmpty: Bool { start == elements.count }

  package var first: Element? { isEmpty ? nil : elements[start] }

  package mutating func append(_ element: Element) { elements.append(element) }

  package mutating func append(contentsOf others: some Sequence<Element>) {
    for element in others { elements.append(element) }
  }

  package mutating func popFirst() -> Element? {
    guard !isEmpty else { return nil }
    let element = elements[start].take()
    start += 1
    // Moving as many as have been taken out costs each element one move at most.
    if start == elements.count {
      elements.removeAll(keepingCapacity: start < 1024)
      start = 0
    } else if start >= 64, start * 2 > elements.count {
      elements.removeFirst(start)
      start = 0
    }
    return element
  }

  /// Takes out all elements.
  package mutating func removeAll() -> [Element] {
    defer { self = FIFOQueue() }
    return elements[start...].map { $0! }
  }
}

extension FIFOQueue: Sendable where Element: Sendable {}
