package io.silkstone.shell.session;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.felix.gogo.jline.Posix;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Process;

/**
 * Gogo's text tools as fingers know them: {@code head -3} is {@code head -n 3}, and what goes wrong
 * is a sentence, where they would show the exception itself.
 */
final class TextTools extends Posix {
    private static final Pattern COUNT = Pattern.compile("-[0-9]+");
    private static final Pattern COUNT_FOLLOWS = Pattern.compile("-[nc]|--lines|--bytes");
    private static final String STANDARD_INPUT = "-";

    TextTools(CommandProcessor processor) {
        super(processor);
    }

    @Override
    protected Object run(CommandSession session, Process process, String[] words) throws Exception {
        boolean takesCount = words[0].equals("head") || words[0].equals("tail");
        try {
            if (!takesCount) {
                return super.run(session, process, words);
            }
            List<String> spelt = spelt(words);
            requireFiles(session.currentDir(), spelt);
            return super.run(session, process, spelt.toArray(String[]::new));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    words[0] + " takes a number; `" + words[0] + " --help` shows where.", e);
        } catch (IOException | InterruptedException e) {
            // What is thrown as this type is shown as it is, without the name of a class before it.
            throw new IllegalArgumentException(words[0] + ": " + Sentences.of(e), e);
        }
    }

    /** The words with {@code -3}, which the parser takes for a file, as {@code -n 3}. */
    private static List<String> spelt(String... words) {
        List<String> spelt = new ArrayList<>();
        for (String word : words) {
            boolean isValue = !spelt.isEmpty() && COUNT_FOLLOWS.matcher(spelt.getLast()).matches();
            if (!isValue && COUNT.matcher(word).matches()) {
                spelt.add("-n");
                spelt.add(word.substring(1));
            } else {
                spelt.add(word);
            }
        }
        return spelt;
    }

    /** {@code tail} meets a file that is not there with a null pointer. */
    private static void requireFiles(Path directory, List<String> words)
            throws NoSuchFileException {
        for (int index = 1; index < words.size(); index++) {
            String word = words.get(index);
            if (COUNT_FOLLOWS.matcher(word).matches()) {
                index++;
            } else if (!word.startsWith(STANDARD_INPUT)
                    && Files.notExists(directory.resolve(word))) {
                throw new NoSuchFileException(word);
            }
        }
    }
}
