internal import ImageStoreCore

/// How the columns of a `labels.csv` are called in its first line.
///
/// By their names, but one called `file` or `label`, which head something else, is escaped (``ColumnName``). Earlier releases put an
/// underscore after it, and another one after a column that was called like that; only `store.json` says so.
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
