import Foundation
import ImageStoreCore
import Testing

@Suite struct StorePathTests {
  private func path(_ place: some StorePath) throws -> String { try place.storePath() }

  @Test func stringsAreThePath() throws {
    #expect(try path("data/train.lmdb") == "data/train.lmdb")
    #expect(try path("") == "")
  }

  @Test func fileURLs() throws {
    #expect(try path(URL(filePath: "/data/my train.lmdb")) == "/data/my train.lmdb")
    #expect(try path(URL(filePath: "/data/100%25 \u{E4}.npz")) == "/data/100%25 \u{E4}.npz")
    #expect(try path(URL(filePath: "/data/pngs/", directoryHint: .isDirectory)) == "/data/pngs")
    #expect(try path(URL(filePath: "/")) == "/")
    let relative = URL(filePath: "train.h5", relativeTo: URL(filePath: "/data/", directoryHint: .isDirectory))
    #expect(try path(relative) == "/data/train.h5")
  }

  @Test func otherURLsAreRefused() throws {
    for text in ["https://example.com/train.npz", "train.npz", "s3://bucket/train"] {
      let url = try #require(URL(string: text))
      let error = expectError(.invalidArgument) { _ = try path(url) }
      #expect(error?.path == text)
    }
  }
}
