import CImageStoreZlib

/// How matches are looked for; zlib's strategies.
package enum DeflateStrategy: Sendable, Hashable, CaseIterable {
  /// Matches anywhere in the window.
  case standard
  /// Favours Huffman coding over short matches; for filtered pixels.
  case filtered
  /// No matches at all.
  case huffmanOnly
  /// Only matches with the byte before: runs.
  case runLength

  var zlibCode: Int32 {
    switch self {
    case .standard: Z_DEFAULT_STRATEGY
    case .filtered: Z_FILTERED
    case .huffmanOnly: Z_HUFFMAN_ONLY
    case .runLength: Z_RLE
    }
  }
}
