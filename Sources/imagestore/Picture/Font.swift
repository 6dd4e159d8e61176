/// Letters of 5 x 9 pixels for captions.
enum Font {
  /// Pixels per letter, and to the next one.
  static let height = 9
  private static let width = 5
  private static let advance = 6

  /// Pixels a text is wide.
  static func width(of text: String) -> Int { max(0, text.count * advance - 1) }

  /// The text, or as much of its beginning as fits, with dots for the rest.
  static func fitting(_ text: String, width: Int) -> String {
    guard Self.width(of: text) > width else { return text }
    return text.prefix(max(0, (width + 1) / advance - 2)) + ".."
  }

  /// Whether a letter has ink at a pixel.
  static func hasInk(_ letter: Character, row: Int, column: Int) -> Bool {
    let bits = letter == " " ? 0 : letters[letter] ?? unknown
    return bits >> ((height - 1 - row) * width + width - 1 - column) & 1 == 1
  }

  /// An empty box for letters that are not drawn here.
  private static let unknown: UInt64 = 0x1F8C_6318_FC00

  /// Rows from the top, five bits each from the left, the last two rows below the line.
  private static let letters: [Character: UInt64] = [
    "A": 0x0E8C7F18C400, "B": 0x1E8C7D18F800, "C": 0x0E8C2108B800, "D": 0x1E8C6318F800,
    "E": 0x1F843D087C00, "F": 0x1F843D084000, "G": 0x0E8C2F18BC00, "H": 0x118C7F18C400,
    "I": 0x0E2108423800, "J": 0x071084293000, "K": 0x119531494400, "L": 0x108421087C00,
    "M": 0x11DD6B18C400, "N": 0x11CD6718C400, "O": 0x0E8C6318B800, "P": 0x1E8C7D084000,
    "Q": 0x0E8C63593400, "R": 0x1E8C7D494400, "S": 0x0F841C10F800, "T": 0x1F2108421000,
    "U": 0x118C6318B800, "V": 0x118C63151000, "W": 0x118C6B5DC400, "X": 0x118A88A8C400,
    "Y": 0x118A88421000, "Z": 0x1F0888887C00, "0": 0x0E8CEB98B800, "1": 0x046108423800,
    "2": 0x0E884C887C00, "3": 0x1E085C10F800, "4": 0x0232A5F10800, "5": 0x1F878218B800,
    "6": 0x06443D18B800, "7": 0x1F0888842000, "8": 0x0E8C5D18B800, "9": 0x0E8C5E113000,
    "a": 0x000382F8BC00, "b": 0x1087A318F800, "c": 0x0003E1083C00, "d": 0x010BE318BC00,
    "e": 0x0003A3F83800, "f": 0x064710842000, "g": 0x0003E318BC2E, "h": 0x1087A318C400,
    "i": 0x040308423800, "j": 0x020184210944, "k": 0x1084A98A4800, "l": 0x0C2108423800,
    "m": 0x0006AB5AD400, "n": 0x0007A318C400, "o": 0x0003A318B800, "p": 0x0007A318FA10,
    "q": 0x0003E318BC21, "r": 0x0005B1084000, "s": 0x0003E0E0F800, "t": 0x084710841800,
    "u": 0x00046318BC00, "v": 0x000463151000, "w": 0x00046B5AA800, "x": 0x000454454400,
    "y": 0x00046318BC2E, "z": 0x0007C4447C00, "-": 0x00001C000000, "_": 0x000000007C00,
    ".": 0x000000063000, ",": 0x000000061100, "/": 0x010888884000, "(": 0x022210820800,
    ")": 0x082084222000, "+": 0x00213E420000, ":": 0x006300C60000, "'": 0x042000000000,
    "#": 0x0A57D5F52800, "&": 0x0C9511593400, "%": 0x18C888898C00, "!": 0x042108401000,
    "?": 0x0E8844401000, "=": 0x0007C1F00000, "*": 0x00ABBEEA8000,
  ]
}

extension Canvas {
  /// Draws a line of text with its top left corner at a pixel.
  mutating func draw(_ text: String, row: Int, column: Int, gray: UInt8) {
    for (position, letter) in text.enumerated() {
      for y in 0..<Font.height {
        for x in 0..<5 where Font.hasInk(letter, row: y, column: x) {
          self[row + y, column + position * 6 + x] = (gray, gray, gray)
        }
      }
    }
  }
}
