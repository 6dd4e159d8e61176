import Foundation
import ImageStoreCore
import ImageStoreSupport
import Testing

@testable import FileStore

/// What an append leaves alone, what it refuses, and what it puts right.
@Suite struct AppendingTests {
  private let folder: TemporaryFolder
  private let path: String
  private let manager = FileManager.default

  init() throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/store"
  }

  private func write(
    _ values: some Collection<Int>, _ layout: FileStore.Layout, mode: WriteMode = .append,
    names: [String]? = nil
  ) throws {
    try FileStore.write(to: path, mode: mode, layout: layout, classNames: names, threads: 1) { writer in
      for value in values {
        try writer.append(
          [UInt8(truncatingIfNeeded: value)], format: ImageFormat(height: 1, width: 1), label: value)
      }
    }
  }

  /// Everything below the store's folder, with the contents of its files.
  private func everything() throws -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    for name in try manager.subpathsOfDirectory(atPath: path) {
      found[name] = (try? contents("\(path)/\(name)")) ?? []
    }
    return found
  }

  private func expectStore(_ values: [Int]) throws {
    let store = try FileStore(at: path)
    try store.verify()
    #expect(try store.labels() == values)
    #expect(
      try values.indices.map { try store.pixels(at: $0) } == values.map { [UInt8(truncatingIfNeeded: $0)] })
  }

  private func errorFinishing(_ writer: consuming FileStore.Writer) -> StoreError? {
    do throws(StoreError) {
      try writer.finish()
      return nil
    } catch {
      return error
    }
  }

  @discardableResult
  private func expectRefused(
    _ layout: FileStore.Layout, _ code: StoreError.Code, at place: String,
    _ sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> StoreError? {
    let before = try everything()
    let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try write([9], layout) }
    #expect(error?.code == code, "\(error!)", sourceLocation: sourceLocation)
    #expect(error?.path?.hasSuffix("/store/\(place)") == true, "\(error!)", sourceLocation: sourceLocation)
    #expect(try everything() == before, sourceLocation: sourceLocation)
    return error
  }

  @Test(arguments: FileStore.Layout.allCases) func imagesBeyondTheTableStay(_ layout: FileStore.Layout) throws
  {
    try write(0..<8, layout, mode: .create)
    try manager.removeItem(atPath: "\(path)/store.json")
    let lines = String(decoding: try contents("\(path)/labels.csv"), as: UTF8.self).split(separator: "\r\n")
    try folder.write(lines[..<4].joined(separator: "\r\n") + "\r\n", to: "store/labels.csv")
    try expectRefused(layout, .alreadyExists, at: layout == .flat ? "3.png" : "00000/3.png")
  }

  @Test func namesThatAreNotNeededStay() throws {
    try write(0..<3, .flat, mode: .create)
    try folder.write("picture of the year", to: "store/7.png")
    try folder.write("notes", to: "store/notes.txt")
    try write([3, 4], .flat)
    try expectStore([0, 1, 2, 3, 4])
    let before = try everything()
    let error = #expect(throws: StoreError.self) { try write([5, 6, 7], .flat) }
    #expect(error?.code == .alreadyExists && error?.path?.hasSuffix("store/7.png") == true)
    #expect(try everything() == before)
  }

  @Test func noLinkIsWrittenThrough() throws {
    try write(0..<3, .subfolders, mode: .create)
    let victim = "\(folder.path)/victim"
    try manager.moveItem(atPath: "\(path)/00000", toPath: victim)
    try manager.createSymbolicLink(atPath: "\(path)/00000", withDestinationPath: victim)
    try expectRefused(.subfolders, .alreadyExists, at: "00000")
    #expect(try manager.contentsOfDirectory(atPath: victim).count == 3)
  }

  @Test func damageGetsNoNewChecksum() throws {
    for name in ["labels.csv", "store.json"] {
      try write([5, 6], .flat, mode: .replaceAnything, names: ["a", "b"])
      let text = String(decoding: try contents("\(path)/\(name)"), as: UTF8.self)
      try folder.write(
        text.replacingOccurrences(of: "0.png,5", with: "0.png,4").replacingOccurrences(
          of: "\"b\"", with: "\"c\""),
        to: "store/\(name)")
      try expectRefused(.flat, .corrupt, at: name)
      #expect(throws: StoreError.self) { try FileStore(at: path).verify() }
    }
    // A user who intends the change removes the file that contradicts it.
    try manager.removeItem(atPath: "\(path)/store.json")
    try write([7], .flat)
    try expectStore([5, 6, 7])
  }

  @Test func filesWithOtherNamesAreNotReplaced() throws {
    for name in ["labels.csv", "store.json"] {
      try write([5, 6], .flat, mode: .replaceAnything)
      try manager.linkItem(atPath: "\(path)/\(name)", toPath: "\(folder.path)/other")
      try expectRefused(.flat, .unsupported, at: name)
      try manager.removeItem(atPath: "\(folder.path)/other")
      try manager.moveItem(atPath: "\(path)/\(name)", toPath: "\(folder.path)/other")
      try manager.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: "../other")
      #expect(try FileStore(at: path).count == 2)
      try expectRefused(.flat, .unrecognized, at: name)
      try manager.removeItem(atPath: "\(folder.path)/other")
    }
  }

  @Test func modesStay() throws {
    try write([5, 6], .flat, mode: .create)
    for name in ["labels.csv", "store.json"] {
      try manager.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(path)/\(name)")
    }
    try write([7], .flat)
    for name in ["labels.csv", "store.json"] {
      #expect(try manager.attributesOfItem(atPath: "\(path)/\(name)")[.posixPermissions] as? Int == 0o600)
    }
  }

  @Test func editsDuringAnAppendAreKept() throws {
    for name in ["labels.csv", "store.json"] {
      try write([5, 6], .flat, mode: .replaceAnything)
      var writer = try FileStore.Writer(to: path, mode: .append)
      try writer.append([7], format: ImageFormat(height: 1, width: 1), label: 7)
      try folder.write("edited by hand", to: "store/\(name)")
      let error = errorFinishing(writer)
      #expect(error?.code == .busy && error?.path?.hasSuffix(name) == true)
      #expect(try contents("\(path)/\(name)") == Array("edited by hand".utf8))
      #expect(
        try manager.contentsOfDirectory(atPath: path).sorted() == [
          "0.png", "1.png", "labels.csv", "store.json",
        ])
    }
  }

  @Test func aFileThatAppearsDuringAnAppendIsKept() throws {
    for layout in FileStore.Layout.allCases {
      try write([5], layout, mode: .replaceAnything)
      var writer = try FileStore.Writer(to: path, mode: .append)
      for value in [6, 7] as [UInt8] {
        try writer.append([value], format: ImageFormat(height: 1, width: 1), label: Int(value))
      }
      let name = layout == .flat ? "2.png" : "00000/2.png"
      try folder.write("mine", to: "store/\(name)")
      let before = try everything().filter { !$0.key.hasPrefix(".append") }
      let error = errorFinishing(writer)
      #expect(error?.code == .alreadyExists && error?.path?.hasSuffix(name) == true)
      #expect(try everything() == before)
      try expectStore([5])
    }
  }

  @Test func aForeignFolderIsNotWrittenTo() throws {
    try folder.write(contents("\(fixture("many"))/0.png"), to: "store/cat/0.png")
    let before = try everything()
    let error = #expect(throws: StoreError.self) { try write([1], .flat) }
    #expect(error?.code == .unsupported)
    #expect(try everything() == before)
  }

  // What a writer leaves that is killed once its images are in their places, before labels.csv counts them.

  private func leaveDeadAppend(_ values: Range<Int>, _ layout: FileStore.Layout) throws {
    let held = try HeldStore(path)
    let store = try FileStore(held.root(), at: path, threads: 1)
    let session = try AppendSession(held, store, layout)
    var folders = ImageFolders(try session.stagedFolder(), layout, after: store.count)
    let images = store.count..<store.count + values.count
    try folders.prepare(images)
    let encoder = try ImageFileWriter(.none)
    var stamps: [AppendPlan.Stamp] = []
    for (index, value) in zip(images, values) {
      let pixels = [UInt8(truncatingIfNeeded: value)]
      try folders.withFolder(of: index) { (folder) throws(StoreError) in
        try unsafe encoder.write(
          pixels.span.bytes, format: ImageFormat(height: 1, width: 1), index: index, to: folder)
      }
      stamps.append(encoder.stamp())
    }
    let plan = session.plan(stamps, newLabels: AppendPlan.Stamp(byteCount: 1, crc32: 1))
    #expect(AppendPlan(plan.encoded()) == plan)
    try plan.write(in: session.root.folder(HeldStore.workFolderName))
    try plan.moveImages(from: session.stagedFolder(), to: session.root)
    held.keepWork()
  }

  @Test(arguments: FileStore.Layout.allCases) func aDeadAppendIsTakenBack(_ layout: FileStore.Layout) throws {
    try write(0..<997, layout, mode: .create)
    let before = try everything()
    try leaveDeadAppend(2000..<2010, layout)
    #expect(try everything().count > before.count + 10)
    try expectStore(Array(0..<997))
    try write([3000, 3001], layout)
    try expectStore(Array(0..<997) + [3000, 3001])
    #expect(try everything().count == before.count + 2)
  }

  @Test func whatOthersPutAmongItStays() throws {
    try write(0..<999, .subfolders, mode: .create)
    try leaveDeadAppend(2000..<2004, .subfolders)
    // In place of one image, and next to others.
    try manager.removeItem(atPath: "\(path)/00001/1001.png")
    try folder.write("mine", to: "store/00001/1001.png")
    try folder.write("notes", to: "store/00001/notes.txt")
    let error = #expect(throws: StoreError.self) { try write(4000..<4004, .subfolders) }
    #expect(error?.code == .alreadyExists && error?.path?.hasSuffix("00001/1001.png") == true)
    #expect(try contents("\(path)/00001/1001.png") == Array("mine".utf8))
    #expect(try manager.contentsOfDirectory(atPath: "\(path)/00001").sorted() == ["1001.png", "notes.txt"])
    try manager.removeItem(atPath: "\(path)/00001/1001.png")
    try write(4000..<4004, .subfolders)
    try expectStore(Array(0..<999) + Array(4000..<4004))
    #expect(try contents("\(path)/00001/notes.txt") == Array("notes".utf8))
  }

  @Test func aTableWrittenSinceMayMeanTheImages() throws {
    try write([5, 6], .flat, mode: .create)
    try leaveDeadAppend(7..<9, .flat)
    let table = try contents("\(path)/labels.csv")
    try manager.removeItem(atPath: "\(path)/store.json")
    try folder.write(table + Array("\r\n".utf8), to: "store/labels.csv")
    let error = #expect(throws: StoreError.self) { try write([9], .flat) }
    #expect(error?.code == .alreadyExists && error?.path?.hasSuffix("2.png") == true)
    #expect(try manager.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".png") }.count == 4)
    // Listed, they are images of the store.
    try folder.write(table + Array("2.png,7\r\n3.png,8\r\n".utf8), to: "store/labels.csv")
    try write([9], .flat)
    try expectStore([5, 6, 7, 8, 9])
  }

  @Test func aPlanThatIsNotWholeIsNone() throws {
    let plan = AppendPlan(
      layout: .subfolders, first: 999, labels: AppendPlan.Stamp(byteCount: 1, crc32: 2),
      newLabels: AppendPlan.Stamp(byteCount: 3, crc32: .max), isWhole: [false, true],
      images: [AppendPlan.Stamp(byteCount: 5, crc32: 6), AppendPlan.Stamp(byteCount: 7, crc32: 8)])
    let bytes = plan.encoded()
    #expect(AppendPlan(bytes) == plan)
    for count in 0..<bytes.count { #expect(AppendPlan(Array(bytes[..<count])) == nil) }
    for position in bytes.indices {
      var flipped = bytes
      flipped[position] ^= 4
      #expect(AppendPlan(flipped) == nil)
    }
  }

  @Test func aStoreIsKnownByEveryFileInIt() throws {
    for layout in FileStore.Layout.allCases {
      try write(0..<3, layout, mode: .replaceAnything)
      #expect(try FileStore.otherContents(at: path) == nil)
      try leaveDeadAppend(5..<7, layout)
      #expect(try FileStore.otherContents(at: path) == nil)
      try write([3], layout)
      for name in [
        "notes.txt", "4.png", "00000/12.png", "00000/cat.png", "00001/1000.png", "deep/labels.csv", ".hidden",
      ] {
        try folder.write("mine", to: "store/\(name)")
        let found = try FileStore.otherContents(at: path)
        #expect(found?.contains(name.split(separator: "/")[0]) == true, "\(name): \(found ?? "")")
        let error = #expect(throws: StoreError.self) { try write([1], layout, mode: .replace) }
        #expect(error?.code == .alreadyExists)
        #expect(try contents("\(path)/\(name)") == Array("mine".utf8))
        let first = String(name.split(separator: "/")[0])
        try manager.removeItem(atPath: "\(path)/\(first == "00000" && layout != .flat ? name : first)")
      }
      #expect(try FileStore.otherContents(at: path) == nil)
      try folder.write("file,label\n", to: "store/labels.csv")
      #expect(try FileStore.otherContents(at: path) != nil)
    }
    for name in ["many", "classes", "table", "mixed"] {
      #expect(try FileStore.otherContents(at: fixture(name)) != nil)
    }
    #expect(try FileStore.otherContents(at: "\(fixture("many"))/0.png") != nil)
  }
}
