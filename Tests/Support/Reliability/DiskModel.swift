import ImageStoreTesting

/// What a disk may hold after the power has failed in the middle of what a ``FileTrace`` tells.
///
/// The system keeps changes in memory and writes them to the disk when it likes, in what order it
/// likes, unless a call waits for it. This model assumes as little as it can:
///
/// - `fsync` and `fdatasync` of a file put its bytes and its size on the disk, `fsync` its mode
///   too; not its name. `fsync` of a folder puts the names in it there, but nothing of the files.
///   `syncfs` puts everything there. A write to a file opened with `O_DSYNC` puts its own bytes and
///   the size there.
/// - Of what has not been waited for, any part may be there. Bytes come in sectors of 512, each as
///   it was after any of the writes to it since it was last synchronised, so a write may be torn
///   anywhere between sectors. The size may be any the file has had since, whatever of its bytes
///   are there: what the size covers and has never come is zeros, or what an earlier owner of the
///   blocks left.
/// - A rename is there whole or not at all, and so is every other change of names. Changes of names
///   come in the order in which they were made, as the journal of ext4 has them
///   (``Order/journal``), or in any order in which no change of a name or of a file comes before an
///   earlier one of the same (``Order/any``).
/// - What is written through a shared map is there as it was at the end, or not at all.
///
/// Sources: Pillai et al., "All File Systems Are Not Created Equal: On the Complexity of Crafting
/// Crash-Consistent Applications", OSDI 2014 (ALICE), whose abstract persistence model this
/// follows; the Linux kernel's Documentation/filesystems/ext4 (journal, data=ordered and
/// data=writeback); fsync(2), open(2), syncfs(2).
struct DiskModel {
  static let sector = 512

  /// The order in which names reach the disk.
  enum Order: CaseIterable { case journal, any }

  /// How much of what has not been waited for is on the disk.
  enum Share {
    case none, all
    /// All that was done before a change of this number, and nothing since.
    case before(Int)
    /// This change alone, or all but this change.
    case only(Int)
    case allBut(Int)
    /// Each with this probability in a thousand.
    case some(Int)
  }

  /// A choice among the states of one moment.
  struct Choice: CustomStringConvertible {
    /// How many changes had been made.
    var moment: Int
    var order = Order.any
    var names = Share.all
    var bytes = Share.all
    /// Whether each sector is as it was after a write of its own, instead of all as after one.
    var tears = false
    var sizes = Share.all
    var modes = Share.all
    /// Whether missing bytes are another program's instead of zeros.
    var hasGarbage = false
    var seed: UInt64 = 0

    var description: String {
      "after \(moment) changes, order \(order), names \(names), bytes \(bytes)\(tears ? " by sector" : ""), sizes \(sizes), "
        + "modes \(modes)\(hasGarbage ? ", garbage" : ""), seed \(seed)"
    }
  }

  let trace: FileTrace
  /// The changes that concern a file, by its node.
  private let histories: [Int: [Int]]

  init(_ trace: FileTrace) {
    self.trace = trace
    var histories: [Int: [Int]] = [:]
    for (number, change) in trace.changes.enumerated() {
      switch change {
      case .write(let file, _, _, _), .size(let file, _): histories[file, default: []].append(number)
      default: break
      }
    }
    self.histories = histories
  }

  /// The state of a choice.
  func state(_ choice: Choice) -> DiskState {
    var generator = SplitMix64(seed: choice.seed)
    var names = trace.names
    for number in namesOnDisk(choice, &generator) {
      guard case .names(let namings) = trace.changes[number] else { continue }
      for naming in namings { names[naming.slot] = naming.node }
    }
    var state = DiskState()
    add(0, to: &state, at: "", names, choice, &generator)
    return state
  }

  private func add(
    _ node: Int, to state: inout DiskState, at path: String, _ names: [FileTrace.Slot: Int],
    _ choice: Choice, _ generator: inout SplitMix64
  ) {
    let object = trace.nodes[node]
    let mode = mode(of: node, choice, &generator)
    switch object.kind {
    case .file:
      let bytes = bytes(of: node, choice, &generator)
      state.entries.append(.init(path: path, kind: .file(bytes), mode: mode, inode: object.inode))
      let later = object.laterModified.last { $0.change < choice.moment }
      state.modified[path] = later?.time ?? object.modified
    case .link:
      let text = String(decoding: object.bytes, as: UTF8.self)
      state.entries.append(.init(path: path, kind: .link(text), mode: mode, inode: object.inode))
    case .folder:
      state.entries.append(.init(path: path, kind: .folder, mode: mode, inode: object.inode))
      let inside = names.filter { $0.key.folder == node }.sorted { $0.key.name < $1.key.name }
      for (slot, child) in inside {
        let inner = path.isEmpty ? slot.name : "\(path)/\(slot.name)"
        add(child, to: &state, at: inner, names, choice, &generator)
      }
    }
  }

  /// Whether a change is among those that a share takes.
  private func takes(_ share: Share, _ number: Int, _ generator: inout SplitMix64) -> Bool {
    switch share {
    case .none: false
    case .all: true
    case .before(let end): number < end
    case .only(let one): number == one
    case .allBut(let one): number != one
    case .some(let share): Int.random(in: 0..<1000, using: &generator) < share
    }
  }

  /// The changes of names on the disk, in the order in which they were made.
  private func namesOnDisk(_ choice: Choice, _ generator: inout SplitMix64) -> [Int] {
    var (firm, chosen) = (Set<Int>(), Set<Int>())
    var pending: [Int] = []
    for number in 0..<choice.moment {
      switch trace.changes[number] {
      case .names: pending.append(number)
      case .allSynchronized:
        firm.formUnion(pending)
        pending = []
      case .synchronized(let node, _) where trace.nodes[node].kind == .folder:
        pending.removeAll { number in
          guard touches(number, folder: node) else { return false }
          firm.insert(number)
          return true
        }
      default: break
      }
    }
    switch choice.order {
    case .journal:
      // All up to one of them.
      var end = firm.max() ?? -1
      for number in pending where number > end {
        guard takes(choice.names, number, &generator) else { break }
        end = number
      }
      return (firm.union(pending.filter { $0 <= end })).sorted()
    case .any:
      for number in pending where takes(choice.names, number, &generator) { chosen.insert(number) }
      return withEarlier(firm.union(chosen), among: pending)
    }
  }

  private func touches(_ number: Int, folder: Int) -> Bool {
    guard case .names(let namings) = trace.changes[number] else { return false }
    return namings.contains { $0.slot.folder == folder }
  }

  /// Changes of names with the earlier ones of the same names and of the same files.
  private func withEarlier(_ chosen: Set<Int>, among pending: [Int]) -> [Int] {
    var all = chosen
    var isComplete = false
    while !isComplete {
      isComplete = true
      for number in pending where !all.contains(number) {
        guard case .names(let earlier) = trace.changes[number] else { continue }
        let isNeeded = all.contains { later in
          guard later > number, case .names(let namings) = trace.changes[later] else { return false }
          return namings.contains { one in
            earlier.contains { $0.slot == one.slot || $0.node != nil && $0.node == one.node }
          }
        }
        if isNeeded {
          all.insert(number)
          isComplete = false
        }
      }
    }
    return all.sorted()
  }

  private func mode(
    of node: Int, _ choice: Choice, _ generator: inout SplitMix64
  ) -> UInt32 {
    var (mode, latest) = (trace.nodes[node].mode, trace.nodes[node].mode)
    for number in 0..<choice.moment {
      switch trace.changes[number] {
      case .mode(node, let changed):
        latest = changed
        if takes(choice.modes, number, &generator) { mode = changed }
      case .synchronized(node, true), .allSynchronized: mode = latest
      default: break
      }
    }
    return mode
  }

  /// The bytes of a file.
  private func bytes(
    of node: Int, _ choice: Choice, _ generator: inout SplitMix64
  ) -> [UInt8] {
    let file = trace.nodes[node]
    if file.isMapped, !file.lastBytes.isEmpty, takes(choice.bytes, choice.moment, &generator) {
      return file.lastBytes
    }
    let history = (histories[node] ?? []).filter { $0 < choice.moment }
    let firmCount = firmCount(of: node, history, choice.moment)
    var content = SectoredBytes(file.bytes)
    for number in history[..<firmCount] { content.apply(trace.changes[number]) }
    content.beginPending()
    for number in history[firmCount...] {
      let change = trace.changes[number]
      let isFirm = if case .write(_, _, _, true) = change { true } else { false }
      let isTaken = isFirm || takes(choice.bytes, number, &generator)
      content.applyPending(change, sizeIsTaken: isFirm || takes(choice.sizes, number, &generator)) {
        choice.tears && !isFirm ? takes(choice.bytes, number, &generator) : isTaken
      }
    }
    return content.bytes(garbage: choice.hasGarbage ? choice.seed : nil)
  }

  /// How many of the changes to a file have been waited for.
  private func firmCount(of node: Int, _ history: [Int], _ moment: Int) -> Int {
    let last = trace.changes[..<moment].lastIndex { change in
      switch change {
      case .synchronized(node, _), .allSynchronized: true
      default: false
      }
    }
    guard let last else { return 0 }
    return history.count { $0 < last }
  }
}
