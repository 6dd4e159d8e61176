import ImageStoreCore
import ImageStoreSupport

extension NPZStore {
  /// Says in a few words what is at a path besides an archive that this package wrote, such as `an archive with notes.txt
  /// besides images`; nil if it is such an archive and nothing else.
  package static func otherContents(at path: String) throws(StoreError) -> String? {
    guard FileSystem.kind(of: path) == .file else { return "not a file" }
    let archive: ZipArchive
    do throws(StoreError) {
      archive = try ZipArchive(at: path)
    } catch {
      switch error.code {
      case .unrecognized: return "not an archive"
      case .corrupt, .unsupported, .limitExceeded: return "an archive that this package cannot read"
      default: throw error
      }
    }
    guard archive.end.mark != nil else { return "an archive that another program wrote or changed" }
    if let other = archive.directory.named.first(where: { !NPZContents.isOwnName($0.name) }) {
      return "an archive with \(other.name) besides images"
    }
    guard archive.end.comment.other.isEmpty else { return "an archive with a comment of somebody else" }
    let file = try File(path, .read)
    let beginning = try file.bytes(at: 0, count: min(2, file.byteCount()))
    guard beginning == Array("PK".utf8) || beginning == [0, 0] else {
      return "an archive with something else before it"
    }
    let (end, byteCount) = (try archive.end.committedEnd(of: file), try file.byteCount())
    guard let end, byteCount >= end else { return "an archive that another program wrote or changed" }
    guard byteCount > end else { return nil }
    let areOurs = try ArchiveLeftovers(file, of: archive, from: end, to: byteCount).areOurs()
    return areOurs ? nil : "an archive with \(byteCount - end) bytes of something else behind it"
  }
}
