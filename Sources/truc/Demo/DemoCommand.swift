// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AsyncHTTPClient
import Exchange
import Foundation
import UnixSignals

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Send a document from one agency to another, on a hub made for it.",
        discussion: """
            truc demo          shows every step and stays up until Ctrl-C
            truc demo --exit   ends by itself, with status 0 only if every step held

            Starts a hub with a private PostgreSQL and no configuration, registers two systems and their agencies, sends a
            package by the VXP protocol, receives and confirms it on the other side, and sends its statuses back. Commands
            and requests are printed as they run.
            """)

    /// Exit status after Ctrl-C before the end: 128 and the number of SIGINT.
    static let interrupted: Int32 = 130
    /// Lines of the hub's log that a failure quotes.
    static let quotedLogLines = 5

    @Flag(name: .customLong("exit"), help: "End when all steps are done.") var exits = false

    @Option(
        help: ArgumentHelp(
            "An empty directory to keep the data in. Default: one under /tmp, removed at the end.", valueName: "dir"))
    var dataDir: String?

    @Option(
        help: ArgumentHelp(
            "Address to serve on. Default: 127.0.0.1:8080 or, when that port is taken, another.",
            valueName: "host:port"))
    var listen: String?

    private enum Problem {
        case interrupted
        case failed(String)
    }

    private enum Event {
        case told
        case failed(String)
        case hubEnded(Int32)
        case signal
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        // From here on a signal is an event, so that no hub stays behind.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        let program = try DemoProgram(environment: environment)
        let place = try await DemoPlace.make(directory: dataDir, listen: listen)
        let screen = DemoScreen(environment: environment)
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let problem: Problem?
        do {
            problem = try await show(on: screen, at: place, program: program, http: http, signals: signals)
        } catch {
            try? await http.shutdown()
            place.remove()
            throw error
        }
        try await http.shutdown()
        switch problem {
        case nil: place.remove()
        case .interrupted:
            place.remove()
            throw ExitCode(Self.interrupted)
        case .failed(let what):
            tell(what, place)
            throw ExitCode(1)
        }
    }

    /// Runs hub and story, and ends both.
    ///
    /// - Returns: why the demo did not come to its end; nil when every step held.
    private func show(
        on screen: DemoScreen, at place: DemoPlace, program: DemoProgram, http: HTTPClient,
        signals: UnixSignalsSequence
    ) async throws -> Problem? {
        let started = ContinuousClock.now
        let story = DemoStory(place: place, program: program, http: http, screen: screen)
        story.introduce()
        let hub = try program.start(story.serveArguments, log: place.log)
        let (events, happened) = AsyncStream.makeStream(of: Event.self)
        let telling = Task {
            do {
                try await story.tell()
                happened.yield(.told)
            } catch {
                happened.yield(.failed((error as? DemoFailure)?.what ?? "\(error)"))
            }
        }
        let listening = Task { for await _ in signals { happened.yield(.signal) } }
        let watching = Task { _ = happened.yield(.hubEnded(await hub.exit.value)) }

        var problem: Problem?
        var isTold = false
        waiting: for await event in events {
            switch event {
            case .told:
                isTold = true
                if exits { break waiting }
                story.invite(after: ContinuousClock.now - started)
            case .failed(let what):
                problem = .failed(what)
                break waiting
            case .hubEnded(let status):
                problem = .failed("truc serve ended by itself, with status \(status)")
                break waiting
            case .signal:
                if !isTold { problem = .interrupted }
                break waiting
            }
        }
        telling.cancel()
        await telling.value
        let status = await hub.stop()
        await watching.value
        listening.cancel()
        if status != 0 {
            // A hub that was killed leaves its database running; the last visitor stops it.
            _ = try? await program.run(["agency", "list", "--data-dir", place.directory])
        }
        if problem == nil, status != 0 { problem = .failed("truc serve ended with status \(status)") }
        if problem == nil { story.conclude(after: ContinuousClock.now - started) }
        if case .failed(let what) = problem { screen.cross(what) }
        return problem
    }

    private func tell(_ what: String, _ place: DemoPlace) {
        let log = (try? String(contentsOfFile: place.log, encoding: .utf8)) ?? ""
        let last = log.split(separator: "\n").suffix(Self.quotedLogLines).map { "  \($0)" }
        let lines =
            ["truc demo: một bước không đạt (a step did not hold): \(what)", "  Nhật ký (log): \(place.log)"] + last
        try? FileHandle.standardError.write(contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8))
    }
}
