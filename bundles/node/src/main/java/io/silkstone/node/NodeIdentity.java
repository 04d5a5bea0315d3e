package io.silkstone.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/** The node's identity: made once, kept in {@code data/node.id}. */
final class NodeIdentity {
    private static final int BYTES = 20;
    private static final Pattern FORM = Pattern.compile("[0-9a-f]{40}");

    private NodeIdentity() {}

    /**
     * The identity given from outside, or else the one of {@code file}, made when there is none.
     *
     * @param given the framework property, null for none
     * @throws IOException when the file cannot be written, or holds something else
     */
    static String of(String given, Path file, RandomGenerator random) throws IOException {
        if (given != null && !given.isBlank()) {
            return checked(given.strip(), "silkstone.node.id");
        }
        if (Files.exists(file)) {
            return checked(Files.readString(file).strip(), file.toString());
        }
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        String id = HexFormat.of().formatHex(bytes);
        Files.createDirectories(file.toAbsolutePath().getParent());
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(draft, id + "\n");
        Files.move(draft, file, StandardCopyOption.REPLACE_EXISTING);
        return id;
    }

    private static String checked(String id, String place) throws IOException {
        if (!FORM.matcher(id).matches()) {
            throw new IOException(
                    "%s must hold 40 hexadecimal digits, was \"%s\"".formatted(place, id));
        }
        return id;
    }
}
