/// A note on how a file was read: a part of it that was not read, or a decision that was made
/// because the file does not say.
public struct ReadingNote: Sendable, Hashable {
  /// What a note is about.
  public enum Kind: String, Sendable, Hashable {
    /// Something in the file is not read: an array, a folder, an attribute.
    case notRead
    /// The file can be read in several ways, and this one was taken.
    case decided
  }

  /// What the note is about.
  public let kind: Kind
  /// What is not read, with its shape if it has one, or what was decided: a few words without a full stop.
  public let text: String

  /// A note.
  public init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }
}

extension ReadingNote {
  /// A note that pictures have palettes and the caller did not say how to read them.
  package static let expandedPalettes = ReadingNote(
    .decided, "palettes are read as colors; --palette indices reads the indices, as masks have them")
}

extension [ReadingNote] {
  /// The notes of a kind in one line of bounded length.
  package func line(of kind: ReadingNote.Kind) -> String? {
    let texts = filter { $0.kind == kind }.map(\.text)
    guard !texts.isEmpty else { return nil }
    let shown = texts.prefix(8).map { $0.count > 100 ? $0.prefix(97) + "..." : $0[...] }
    let others = texts.count > 8 ? " and \(texts.count - 8) more" : ""
    return shown.joined(separator: "; ") + others
  }
}
