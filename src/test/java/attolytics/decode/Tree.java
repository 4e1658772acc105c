package attolytics.decode;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A JSON value as written: numbers as text, names with duplicates. */
sealed interface Tree {
  int MAX_DEPTH = 1000;
  int MAX_NUMBER_LENGTH = 1 << 18;

  record Null() implements Tree {}

  record Bool(boolean value) implements Tree {}

  record Num(String digits) implements Tree {
    boolean isInteger() {
      return digits.matches("-?[0-9]+");
    }

    /** The same for equal numbers. Made of strings, as there may be 100 000 digits. */
    private String normalizedDigits() {
      String[] parts = digits.split("[eE]", -1);
      String mantissa = parts[0].replace("-", "");
      int point = mantissa.indexOf('.');
      int exponent = parts.length == 1 ? 0 : Integer.parseInt(parts[1]);
      exponent -= point < 0 ? 0 : mantissa.length() - point - 1;
      String all = mantissa.replace(".", "").replaceFirst("^0+", "");
      String stripped = all.replaceFirst("0+$", "");
      exponent += all.length() - stripped.length();
      return stripped.isEmpty()
          ? "0"
          : (digits.startsWith("-") ? "-" : "") + stripped + "e" + exponent;
    }
  }

  record Str(String text) implements Tree {}

  record Arr(List<Tree> elements) implements Tree {}

  record Obj(List<Field> fields) implements Tree {}

  record Field(String name, Tree value) {}

  /** Thrown for text that is not JSON. */
  final class NoJson extends Exception {
    NoJson(String message) {
      super(message);
    }
  }

  /** Reads the text, all of it. */
  static Tree parse(String json) throws NoJson {
    Parser parser = new Parser(json);
    Tree tree = parser.value(0);
    parser.space();
    if (parser.at < json.length()) {
      throw parser.wrong();
    }
    return tree;
  }

  /** The value as JSONB stores it: equal for equal values. */
  default Object normalized() {
    if (this instanceof Arr array) {
      return array.elements.stream().map(Tree::normalized).toList();
    } else if (this instanceof Obj object) {
      TreeMap<String, Object> fields = new TreeMap<>();
      object.fields.forEach(field -> fields.put(field.name, field.value.normalized()));
      return fields;
    } else if (this instanceof Num number) {
      return number.normalizedDigits();
    }
    return this;
  }

  /** Implements RFC 8259 literally. */
  final class Parser {
    private static final Pattern NUMBER =
        Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");
    private static final Pattern UNESCAPED = Pattern.compile("[^\\x00-\\x1F\"\\\\]*+");
    private static final Pattern HEX = Pattern.compile("u([0-9a-fA-F]{4})");

    private final String json;
    private int at;

    private Parser(String json) {
      this.json = json;
    }

    private NoJson wrong() {
      return new NoJson("at " + at);
    }

    private void space() {
      while (at < json.length() && " \t\n\r".indexOf(json.charAt(at)) >= 0) {
        at++;
      }
    }

    private boolean skip(String token) {
      boolean found = json.startsWith(token, at);
      at += found ? token.length() : 0;
      return found;
    }

    private void need(String token) throws NoJson {
      space();
      if (!skip(token)) {
        throw wrong();
      }
    }

    private Matcher match(Pattern pattern) throws NoJson {
      Matcher matcher = pattern.matcher(json).region(at, json.length());
      if (!matcher.lookingAt()) {
        throw wrong();
      }
      at = matcher.end();
      return matcher;
    }

    private Tree value(int depth) throws NoJson {
      space();
      boolean isObject = json.startsWith("{", at);
      if (isObject || json.startsWith("[", at)) {
        if (depth == MAX_DEPTH) {
          throw wrong();
        }
        return isObject ? object(depth + 1) : array(depth + 1);
      } else if (json.startsWith("\"", at)) {
        return new Str(string());
      } else if (skip("null")) {
        return new Null();
      } else if (skip("true")) {
        return new Bool(true);
      } else if (skip("false")) {
        return new Bool(false);
      }
      String number = match(NUMBER).group();
      if (number.length() > MAX_NUMBER_LENGTH) {
        throw wrong();
      }
      return new Num(number);
    }

    private Tree object(int depth) throws NoJson {
      List<Field> fields = new ArrayList<>();
      need("{");
      space();
      if (!skip("}")) {
        do {
          space();
          String name = string();
          need(":");
          fields.add(new Field(name, value(depth)));
          space();
        } while (skip(","));
        need("}");
      }
      return new Obj(fields);
    }

    private Tree array(int depth) throws NoJson {
      List<Tree> elements = new ArrayList<>();
      need("[");
      space();
      if (!skip("]")) {
        do {
          elements.add(value(depth));
          space();
        } while (skip(","));
        need("]");
      }
      return new Arr(elements);
    }

    private String string() throws NoJson {
      StringBuilder text = new StringBuilder();
      if (!skip("\"")) {
        throw wrong();
      }
      while (true) {
        text.append(match(UNESCAPED).group());
        if (skip("\"")) {
          return text.toString();
        } else if (!skip("\\") || at == json.length()) {
          throw wrong();
        }
        int escape = "\"\\/bfnrt".indexOf(json.charAt(at));
        if (escape < 0) {
          text.append((char) Integer.parseInt(match(HEX).group(1), 16));
        } else {
          text.append("\"\\/\b\f\n\r\t".charAt(escape));
          at++;
        }
      }
    }
  }
}
