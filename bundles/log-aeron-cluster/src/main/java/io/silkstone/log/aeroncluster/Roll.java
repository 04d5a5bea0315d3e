package io.silkstone.log.aeroncluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Members tell each other how far they are, before and beside Aeron: whoever has nothing must know
 * whether it may begin a log or has to be given one, and whoever throws away must know that nobody
 * lacks it. A question and an answer are one line each over TCP:
 *
 * <pre>
 *   silkstone-log 1 MEMBERS FOUNDING   the members as the asker has them, without blanks, and with
 *                                      what a log begins: new or journal
 *   silkstone-log 1 STAGE POSITION     or: silkstone-log 1 STRANGER 0
 * </pre>
 *
 * With what a log begins matters only while there is none: who has one does not look at it.
 *
 * <p>Threads: answers are given by one of its own, which waits in the kernel.
 */
final class Roll implements AutoCloseable {
    /** How far a member is. */
    enum Stage {
        /** It has nothing, and decides nothing. */
        BLANK,
        /** It has begun a log with others that had nothing, and has nothing in it yet. */
        FOUNDING,
        /** It has a log. */
        ESTABLISHED,
        /** It has a log, and leads. */
        LEADING,
        /** It has other members in its configuration, or would begin a log with something else. */
        STRANGER
    }

    /**
     * What a member says.
     *
     * @param position up to where it knows the log to be committed; 0 before it has known a leader
     *     since it began
     */
    record Answer(Stage stage, long position) {
        /** Whether it has something that could be lost. */
        boolean hasLog() {
            return stage == Stage.ESTABLISHED || stage == Stage.LEADING;
        }
    }

    private static final Logger LOG = System.getLogger(Roll.class.getName());
    private static final String WORD = "silkstone-log 1 ";
    private static final int TIMEOUT_MILLIS = 1_000;
    private static final int LINE_CHARACTERS_MAX = 2_048;
    private static final int BACKLOG = 16;

    private final String members;
    private final String founding;
    private final Supplier<Answer> answer;
    private final ServerSocket server;
    private final Thread thread;

    /**
     * Begins to answer.
     *
     * @throws IOException when the port cannot be had
     */
    Roll(LogOptions options, Supplier<Answer> answer) throws IOException {
        members = members(options);
        founding = founding(options);
        this.answer = answer;
        server = new ServerSocket();
        try {
            server.setReuseAddress(true);
            server.bind(options.self().roll(), BACKLOG);
        } catch (IOException e) {
            server.close();
            throw e;
        }
        thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("silkstone-log-aeron-cluster-roll-0")
                        .start(this::run);
    }

    private static String members(LogOptions options) {
        return String.join(",", options.members().stream().map(Endpoint::toString).toList());
    }

    private static String founding(LogOptions options) {
        return options.foundsFromJournal() ? "journal" : "new";
    }

    private Answer answer(String question) {
        String[] words = question.split(" ");
        Answer own = answer.get();
        boolean isOurs =
                words.length == 2
                        && words[0].equals(members)
                        && (own.hasLog() || words[1].equals(founding));
        return isOurs ? own : new Answer(Stage.STRANGER, 0);
    }

    private void run() {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                socket.setSoTimeout(TIMEOUT_MILLIS);
                String line = line(socket);
                if (line.startsWith(WORD)) {
                    Answer told = answer(line.substring(WORD.length()));
                    send(socket, told.stage + " " + told.position);
                }
            } catch (IOException | RuntimeException e) {
                // Whoever asked hears nothing, and asks again.
                LOG.log(Level.DEBUG, "a question of another member was not answered", e);
            }
        }
    }

    private static String line(Socket socket) throws IOException {
        BufferedReader reader =
                new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
        StringBuilder line = new StringBuilder();
        int next = reader.read();
        while (next >= 0 && next != '\n' && line.length() < LINE_CHARACTERS_MAX) {
            line.append((char) next);
            next = reader.read();
        }
        return line.toString();
    }

    private static void send(Socket socket, String words) throws IOException {
        socket.getOutputStream().write((WORD + words + "\n").getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
    }

    /** What {@code member} says; nothing when it is not there. Waits for two seconds at most. */
    static Optional<Answer> ask(LogOptions options, Endpoint member) {
        InetSocketAddress address = member.roll();
        try (Socket socket = new Socket()) {
            socket.connect(address, TIMEOUT_MILLIS);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            send(socket, members(options) + " " + founding(options));
            String line = line(socket);
            String[] words =
                    line.startsWith(WORD) ? line.substring(WORD.length()).split(" ") : null;
            if (words == null || words.length < 2) {
                return Optional.empty();
            }
            return Optional.of(new Answer(Stage.valueOf(words[0]), Long.parseLong(words[1])));
        } catch (IOException | IllegalArgumentException e) {
            LOG.log(Level.DEBUG, "{0} does not answer: {1}", address, e.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        try {
            server.close();
            thread.join();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} stays taken: {1}", server, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
