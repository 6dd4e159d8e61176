import ImageStoreTesting

/// The states of a ``DiskModel`` in an order in which the telling ones come first.
struct PowerLossStates {
  struct State {
    let choice: DiskModel.Choice
    let state: DiskState
    /// Whether the writer had said that it was done.
    let isFinished: Bool
  }

  private let model: DiskModel
  private let seed: UInt64
  /// The moments before something is waited for, and the end.
  private let waits: [Int]

  init(_ trace: FileTrace, seed: UInt64) {
    model = DiskModel(trace)
    waits = trace.waits + [trace.changes.count]
    self.seed = seed
  }

  private var changeCount: Int { model.trace.changes.count }

  /// Up to `count` different states: ``torn``, what two thirds of them have room for of
  /// ``systematic``, and more by chance.
  func first(_ count: Int) -> [State] {
    var generator = SplitMix64(seed: seed)
    var (states, known): ([State], Set<DiskState>) = ([], [])
    func add(_ choice: DiskModel.Choice) -> Bool {
      let state = State(
        choice: choice, state: model.state(choice), isFinished: choice.moment == changeCount)
      // What is right in the middle may be wrong at the end.
      var key = state.state
      if state.isFinished { key.entries.append(.init(path: "finished", kind: .folder, mode: 0, inode: 0)) }
      guard known.insert(key).inserted else { return false }
      states.append(state)
      return true
    }
    for choice in torn + systematic.shuffled(using: &generator) where states.count < (count + 1) / 2 {
      _ = add(choice)
    }
    // Few calls have few states.
    var vain = 0
    while states.count < count, vain < 1000 { vain = add(random(&generator)) ? 0 : vain + 1 }
    return states
  }

  /// All that has been done, in part, just before it is waited for.
  private var torn: [DiskModel.Choice] {
    (0..<8).flatMap { round in
      waits.map { moment in
        .init(
          moment: moment, bytes: .some(500), tears: true, hasGarbage: round > 5,
          seed: seed << 8 + UInt64(round))
      }
    }
  }

  /// At each moment: everything, nothing that was not waited for, names without bytes, bytes
  /// without names, sizes without bytes, torn bytes, each change alone and each change missing.
  private var systematic: [DiskModel.Choice] {
    var choices: [DiskModel.Choice] = []
    for moment in 1...max(1, changeCount) {
      func add(_ change: (inout DiskModel.Choice) -> Void) {
        var choice = DiskModel.Choice(moment: moment, seed: UInt64(moment))
        change(&choice)
        choices.append(choice)
      }
      add { _ in }
      add { ($0.names, $0.bytes, $0.sizes, $0.modes) = (.none, .none, .none, .none) }
      add { ($0.bytes, $0.sizes) = (.none, .none) }
      add { $0.bytes = .none }
      add { ($0.bytes, $0.hasGarbage) = (.none, true) }
      add { $0.names = .none }
      add { $0.sizes = .none }
      add { $0.modes = .none }
      add { ($0.bytes, $0.tears) = (.some(500), true) }
      add { ($0.bytes, $0.tears, $0.hasGarbage) = (.some(500), true, true) }
      // Of what is done later none is there: the change itself, and the one before it.
      for number in max(0, moment - 2)..<moment {
        add { ($0.names, $0.bytes, $0.sizes) = (.only(number), .only(number), .only(number)) }
        add { ($0.names, $0.bytes, $0.sizes) = (.allBut(number), .allBut(number), .allBut(number)) }
      }
    }
    // At the end, and before each wait, each change may be the one that is missing.
    for moment in waits {
      for number in 0..<moment {
        for share in [DiskModel.Share.only(number), .allBut(number)] {
          choices.append(.init(moment: moment, names: share))
          choices.append(.init(moment: moment, bytes: share, sizes: share))
          choices.append(.init(moment: moment, names: share, bytes: share, sizes: share))
        }
      }
    }
    return choices
  }

  private func random(_ generator: inout SplitMix64) -> DiskModel.Choice {
    // The end more often than any other moment, since the store must be the new one there, and then
    // those at which the most has not been waited for.
    let moment =
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: changeCount
      case 1, 2: waits.randomElement(using: &generator) ?? changeCount
      default: Int.random(in: 1...max(1, changeCount), using: &generator)
      }
    func share() -> DiskModel.Share {
      switch Int.random(in: 0..<10, using: &generator) {
      case 0: .none
      case 1, 2: .all
      case 3: .before(Int.random(in: 0...moment, using: &generator))
      case 4: .only(Int.random(in: 0...moment, using: &generator))
      case 5: .allBut(Int.random(in: 0...moment, using: &generator))
      default: .some([100, 300, 500, 700, 900].randomElement(using: &generator) ?? 500)
      }
    }
    return DiskModel.Choice(
      moment: moment, order: DiskModel.Order.allCases.randomElement(using: &generator) ?? .any,
      names: share(), bytes: share(), tears: Bool.random(using: &generator), sizes: share(), modes: share(),
      hasGarbage: Bool.random(using: &generator), seed: generator.next())
  }
}
