internal import ImageStoreCore

/// The headings of the columns in the first line of a `labels.csv`.
///
/// They are the names of the columns, but a column called `file` or `label`, which have another
/// meaning there, is escaped (``ColumnName``). Earlier releases added an underscore to it, and
/// another one to a column that already had that name; only `store.json` says so.
struct ColumnHeadings {
  private static let reserved: Set = ["file", "label"]
  private static let place = ColumnName.Place.heading(reserved: reserved)

  /// Of `file` and `label`, those that are columns under names of an earlier release.
  private let underscored: [String]

  /// - Parameters:
  ///   - texts: the headings of a table.
  ///   - columns: the names of its columns, as `store.json` has them; nil if there is none.
  init(_ texts: some Sequence<String>, columns: (some Collection<String>)?) {
    let texts = Set(texts)
    underscored = Self.reserved.filter { name in
      columns?.contains(name) == true && !texts.contains(Self.text(of: name))
    }
  }

  /// The heading of a column.
  static func text(of name: String) -> String { ColumnName.escaped(name, for: place) }

  /// The column of a heading.
  func name(of text: String) -> String {
    let isUnderscored = underscored.contains {
      text != $0 && text.hasPrefix($0) && text.dropFirst($0.count).allSatisfy { $0 == "_" }
    }
    return isUnderscored ? String(text.dropLast()) : ColumnName.unescaped(text, in: Self.place)
  }
}
