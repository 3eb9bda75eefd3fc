(** * The differential of the Cholesky factor

    If X = L Lᵀ with L lower triangular and invertible, then dL = L Φ(L⁻¹ dX L⁻ᵀ): Φ keeps what is
    below the diagonal, halves the diagonal and drops the rest.  From the product rule, for every
    derivation of a field in which 2 ≠ 0. *)

From mathcomp Require Import all_ssreflect all_algebra.
From Symgrad Require Import contraction derivation.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory.
Local Open Scope ring_scope.

Section Cholesky.

Variables (F : fieldType) (n : nat).
Implicit Types (L A B X : 'M[F]_n).

(** Zero above the diagonal. *)
Definition lower_triangular L := forall i j : 'I_n, (i < j)%N -> L i j = 0.

(** Φ. *)
Definition half_lower A : 'M[F]_n :=
  \matrix_(i, j) if (j < i)%N then A i j else if i == j then A i j / 2%:R else 0.

(** If L and L A are lower triangular, and L has no zero on its diagonal, A is lower triangular. *)
Lemma lower_divide L A :
  lower_triangular L -> (forall i, L i i != 0) -> lower_triangular (L *m A) -> lower_triangular A.
Proof.
move=> lowL diagL lowLA i j; have [m] := ubnP (i : nat); elim: m i => // m IHm i.
rewrite ltnS => le_im lt_ij; have := lowLA i j lt_ij; rewrite mxE (bigD1 i) //= big1 => [|k ne_ki].
  by rewrite addr0 => /eqP; rewrite mulf_eq0 (negPf (diagL i)) => /eqP.
have [lt_ki | lt_ik | /val_inj eq_ki] := ltngtP k i; last by rewrite eq_ki eqxx in ne_ki.
  by rewrite (IHm k (leq_trans lt_ki le_im) (ltn_trans lt_ki lt_ij)) mulr0.
by rewrite lowL ?mul0r.
Qed.

(** Φ finds a lower triangular matrix in the sum of it and its transpose. *)
Theorem half_lower_sum A : 2%:R != 0 :> F -> lower_triangular A -> half_lower (A + A^T) = A.
Proof.
move=> two lowA; apply/matrixP=> i j; rewrite !mxE.
have [lt_ji | lt_ij | /val_inj->] := ltngtP j i.
- by rewrite (lowA j i) // addr0.
- by rewrite -val_eqE /= (ltn_eqF lt_ij) lowA.
by rewrite eqxx -mulr2n -[A i i *+ 2]mulr_natr mulfK.
Qed.

(** The only lower triangular A with A Lᵀ + L Aᵀ = E is L Φ(L⁻¹ E L⁻ᵀ). *)
Theorem cholesky_solution E L A :
  2%:R != 0 :> F -> lower_triangular L -> L \in unitmx -> (forall i, L i i != 0) ->
  lower_triangular A -> A *m L^T + L *m A^T = E ->
  A = L *m half_lower (invmx L *m E *m invmx L^T).
Proof.
move=> two lowL unitL diagL lowA <-; have unitLT : L^T \in unitmx by rewrite unitmx_tr.
pose B := invmx L *m A; have LB : L *m B = A by rewrite mulKVmx.
have lowB : lower_triangular B by apply: (lower_divide lowL diagL); rewrite LB.
have -> : invmx L *m (A *m L^T + L *m A^T) *m invmx L^T = B + B^T; last by rewrite half_lower_sum.
rewrite mulmxDr mulmxDl; congr (_ + _); first by rewrite -!mulmxA mulmxV // mulmx1.
by rewrite !mulmxA mulVmx // mul1mx trmx_mul trmx_inv.
Qed.

Variable d : {additive F -> F}.
Hypothesis product_rule : leibniz d.

Notation "''d' A" := (map_mx d A) (at level 10, A at level 8, format "''d'  A").

(** dL = L Φ(L⁻¹ dX L⁻ᵀ). *)
Theorem d_cholesky X L :
  2%:R != 0 :> F -> X = L *m L^T -> lower_triangular L -> L \in unitmx -> (forall i, L i i != 0) ->
  'd L = L *m half_lower (invmx L *m 'd X *m invmx L^T).
Proof.
move=> two XL lowL unitL diagL; apply: cholesky_solution => // [i j lt_ij|].
  by rewrite mxE lowL // raddf0.
by rewrite XL d_mulmx // d_trmx.
Qed.

End Cholesky.
