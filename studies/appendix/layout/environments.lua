-- Theorems, proofs, links and anchors for Pandoc's writers: amsthm environments in TeX, blocks that
-- no page break cuts in Typst, sections with anchors in HTML.

local KINDS = { theorem = "Theorem", corollary = "Corollary", proposition = "Proposition" }

local function raw(format, text) return pandoc.RawInline(format, text) end

local function block(format, text) return pandoc.RawBlock(format, text) end

-- "Theorem 4 (simple eigenvalues)." of a Div.
local function heading(el, kind)
  local name = el.attributes.name
  local found = { pandoc.Strong(KINDS[kind] .. " " .. el.attributes.number) }
  if name then found[2] = pandoc.Str(" (" .. name .. ")") end
  table.insert(found, pandoc.Str(". "))
  return found
end

local function prepend(content, inlines)
  local first = content[1]
  if not first or (first.t ~= "Para" and first.t ~= "Plain") then
    content:insert(1, pandoc.Para(inlines))
    return content
  end
  for k = #inlines, 1, -1 do first.content:insert(1, inlines[k]) end
  return content
end

-- The same, with the sign at its end that a proof is whole.
local function finish(content, sign)
  local last = content[#content]
  if last.t == "Para" then
    last.content:insert(sign)
  else
    content:insert(pandoc.Para({ sign }))
  end
  return content
end

local function escaped(text) return (text:gsub("_", "\\_")) end

local function in_tex(el, kind)
  local content, name = el.content, el.attributes.name
  local title = name and ("[" .. escaped(name) .. "]") or ""
  local opened
  if kind == "proof" then
    opened = "\\begin{proof}"
  elseif el.identifier:sub(1, 3) == "fn:" then
    kind = "symgradfunction"
    opened = "\\begin{symgradfunction}{" .. escaped(el.attributes.number) .. "}" .. title
  else
    kind = "symgrad" .. kind
    opened = "\\begin{" .. kind .. "}" .. title
  end
  if el.identifier ~= "" then opened = opened .. "\\label{" .. el.identifier .. "}" end
  content:insert(1, block("latex", opened))
  content:insert(block("latex", "\\end{" .. kind .. "}"))
  return content
end

local function in_typst(el, kind)
  local content = el.content
  if kind == "proof" then
    prepend(content, { pandoc.Emph("Proof."), pandoc.Space() })
    return finish(content, raw("typst", "#h(1fr)∎"))
  end
  content = prepend(content, heading(el, kind))
  content:insert(1, block("typst", "#statement["))
  content:insert(block("typst", "]<" .. el.identifier .. ">"))
  return content
end

local function in_html(el, kind)
  if kind == "proof" then
    prepend(el.content, { pandoc.Emph("Proof."), pandoc.Space() })
    el.content = finish(el.content, pandoc.Str(" ∎"))
    return el
  end
  local title = heading(el, kind)
  title[1] = pandoc.Link(title[1], "#" .. el.identifier, "", { class = "anchor" })
  prepend(el.content, title)
  el.attributes = {}
  return el
end

function Div(el)
  local kind = el.classes[1]
  if kind == "references" and FORMAT:match("latex") then return {} end -- \bibitem's, in page.tex
  if kind ~= "proof" and not KINDS[kind] then return nil end
  if FORMAT:match("latex") then return in_tex(el, kind) end
  if FORMAT:match("typst") then return in_typst(el, kind) end
  return in_html(el, kind)
end

function Link(el)
  if not FORMAT:match("latex") then return nil end
  local target = el.target:match("^#(.*)")
  if not target then return nil end
  local kind, key = target:match("^(%a+):(.*)$")
  if kind == "thm" or kind == "cor" or kind == "prop" or kind == "fn" then
    local word = pandoc.utils.stringify(el.content):match("^%a+")
    return raw("latex", word .. "~\\ref{" .. target .. "}")
  elseif kind == "ref" then
    el.content:insert(raw("latex", "~\\cite{" .. key .. "}"))
    return el.content
  end
  el.content:insert(1, raw("latex", "\\symgradlink{" .. target .. "}{"))
  el.content:insert(raw("latex", "}"))
  return el.content
end

function Span(el)
  if el.identifier == "" then return nil end
  if FORMAT:match("latex") then
    el.content:insert(1, raw("latex", "\\symgradtarget{" .. el.identifier .. "}{"))
    el.content:insert(raw("latex", "}"))
    return el.content
  elseif FORMAT:match("typst") then
    el.content:insert(1, raw("typst", "#box["))
    el.content:insert(raw("typst", "]<" .. el.identifier .. ">"))
    return el.content
  end
end
