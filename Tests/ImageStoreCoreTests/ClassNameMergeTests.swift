import ImageStoreCore
import Testing

/// The class of a label never changes.
@Suite struct ClassNameMergeTests {
  private func merge(
    _ new: [String]?, onto old: [String]?, canAdd: Bool = true, labels: [Int]? = nil
  ) throws(StoreError) -> ClassNameMerge {
    try ClassNameMerge(new, onto: old, canAddNames: canAdd) { () throws(StoreError) in labels }
  }

  private func translated(_ merge: ClassNameMerge, _ labels: [Int]) throws -> [Int] {
    try merge.translating(labels, first: 100)
  }

  @Test func equalNamesAndNoneAreKept() throws {
    for names in [nil, [], ["cat", "dog"], ["cat", "cat"]] as [[String]?] {
      let same = try merge(names, onto: names, labels: [0, 1, 99])
      #expect(same.names == names && same.translation == nil)
      #expect(try translated(same, [0, 99, -1]) == [0, 99, -1])
    }
  }

  @Test func moreNamesBehindTheOldOnesAreTaken() throws {
    let more = try merge(["cat", "dog", "cow"], onto: ["cat", "dog"], labels: [0, 1, -1])
    #expect(more.names == ["cat", "dog", "cow"] && more.translation == nil)
    #expect(try translated(more, [2, 0, 7]) == [2, 0, 7])
  }

  @Test func anotherOrderIsTranslated() throws {
    let other = try merge(["dog", "cat"], onto: ["cat", "dog"])
    #expect(other.names == ["cat", "dog"])
    #expect(try translated(other, [0, 1, 1, -1]) == [1, 0, 0, -1])
  }

  @Test func fewerNamesAreTranslated() throws {
    let fewer = try merge(["dog"], onto: ["cat", "dog"])
    #expect(fewer.names == ["cat", "dog"])
    #expect(try translated(fewer, [0, 0]) == [1, 1])
  }

  @Test func otherNamesAreAddedBehind() throws {
    let other = try merge(["lorry", "dog", "ship"], onto: ["cat", "dog"], labels: [1, 0])
    #expect(other.names == ["cat", "dog", "lorry", "ship"])
    #expect(try translated(other, [0, 1, 2]) == [2, 1, 3])
  }

  @Test func aLabelWithoutANameIsRefusedRatherThanNamed() throws {
    for (new, old) in [
      (["dog", "cat"], ["cat", "dog"]), (["cat"], ["cat", "dog"]), (nil, ["cat", "dog"]),
    ]
      as [([String]?, [String])]
    {
      let limit = new?.count ?? old.count
      let merged = try merge(new, onto: old)
      let error = expectError(.invalidArgument) { _ = try translated(merged, [0, limit]) }
      #expect(error?.image == 101)
      #expect(try translated(merged, [-1, -7]) == [-1, -7])
    }
  }

  @Test func labelsWithoutNamesAreKeptWithinTheRange() throws {
    let merged = try merge(nil, onto: ["cat", "dog"])
    #expect(merged.names == ["cat", "dog"])
    #expect(try translated(merged, [1, 0]) == [1, 0])
  }

  @Test func labelsOfTheStoreThatHaveNoNameGetNoneByAddingSome() throws {
    expectError(.invalidArgument) {
      _ = try merge(["cat", "dog", "cow"], onto: ["cat", "dog"], labels: [0, 2])
    }
    expectError(.invalidArgument) { _ = try merge(["cow"], onto: ["cat", "dog"], labels: [2]) }
    // Nothing is added here.
    #expect(try merge(["dog"], onto: ["cat", "dog"], labels: [9]).names == ["cat", "dog"])
  }

  @Test func aStoreWithoutNamesGetsThemIfTheySuffice() throws {
    #expect(try merge(["cat", "dog"], onto: nil, labels: nil).names == ["cat", "dog"])
    #expect(try merge(["cat", "dog"], onto: nil, labels: [0, 1, -1]).names == ["cat", "dog"])
    expectError(.invalidArgument) { _ = try merge(["cat", "dog"], onto: nil, labels: [0, 2]) }
  }

  @Test func labelsAreReadOnlyIfTheyMatter() throws {
    func reads(_ new: [String]?, onto old: [String]?) throws -> Bool {
      var reads = false
      _ = try ClassNameMerge(new, onto: old) { () throws(StoreError) in
        reads = true
        return nil
      }
      return reads
    }
    #expect(
      try !reads(["a", "b"], onto: ["a", "b"]) && !reads(nil, onto: ["a"])
        && !reads(["b", "a"], onto: ["a", "b"]))
    #expect(try reads(["a", "b"], onto: ["a"]) && reads(["a"], onto: nil))
  }

  @Test func whatCannotBeMatchedIsRefusedWithBothLists() {
    for (new, old) in [(["a", "a"], ["a", "b"]), (["b", "x"], ["b", "b"])] {
      let error = expectError(.invalidArgument) { _ = try merge(new, onto: old) }
      #expect(error?.message.contains("[\(new.joined(separator: ", "))]") == true)
      #expect(error?.message.contains("[\(old.joined(separator: ", "))]") == true)
    }
    let fixed = expectError(.invalidArgument) { _ = try merge(["cow"], onto: ["cat"], canAdd: false) }
    #expect(fixed?.message.contains("[cow]") == true && fixed?.message.contains("[cat]") == true)
    #expect(throws: Never.self) { try merge(["dog", "cat"], onto: ["cat", "dog"], canAdd: false) }
  }

  @Test func longListsAreShortened() {
    let many = (0..<1000).map { "class \($0)" } + ["class 0"]
    let error = expectError(.invalidArgument) { _ = try merge(many, onto: ["a"]) }
    #expect(error?.message.contains("class 11, and 989 more]") == true)
    #expect((error?.message.count ?? .max) < 400)
  }

  /// By an oracle of its own: whatever the lists, the name of every label is what it was.
  @Test func everyPairOfShortListsKeepsMeanings() throws {
    let names = ["a", "b", "c"]
    var lists: [[String]] = [[]]
    for length in 1...3 {
      lists += lists.filter { $0.count == length - 1 }.flatMap { list in names.map { list + [$0] } }
    }
    var merged = 0
    for old in lists {
      for new in lists {
        guard let merge = try? merge(new, onto: old, labels: Array(old.indices)) else {
          #expect(Set(new).count < new.count || Set(old).count < old.count, "\(new) onto \(old)")
          continue
        }
        merged += 1
        let result = try #require(merge.names)
        #expect(result.starts(with: old))
        for (label, name) in new.enumerated() {
          let place = try translated(merge, [label])[0]
          #expect(result[place] == name, "\(new) onto \(old)")
        }
      }
    }
    #expect(merged > 255)
  }
}
